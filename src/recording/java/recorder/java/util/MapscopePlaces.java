package java.util;

import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Where maps are made, and of which type they are: each is described in the file once. Classes are not kept from unloading. A program
 * may make classes for as long as it runs: what the file has no room for is not remembered, and what is remembered of a class that is
 * gone makes room for others.
 */
final class MapscopePlaces {
    /** The frames that are fetched at first: those of a set's constructors, and the one that calls them. */
    private static final int FRAMES = 5;

    static final StackWalker WALKER =
            StackWalker.getInstance(Set.of(StackWalker.Option.RETAIN_CLASS_REFERENCE), FRAMES);
    private static final int BUCKETS = 1 << 12;

    private final MapscopeFile file;
    private final Place[] places = new Place[BUCKETS];
    private final Type[] types = new Type[BUCKETS];
    /** The place of maps that nothing makes which has a line, as native code; 0 as long as there are none. */
    private int unknown;

    MapscopePlaces(MapscopeFile file) {
        this.file = file;
    }

    /** A line of a method that makes maps. */
    private static final class Place extends WeakReference<Class<?>> {
        final String method;
        final String descriptor;
        final int index;
        final int number;
        final Place next;

        Place(Place same, Place next) {
            super(same.get());
            this.method = same.method;
            this.descriptor = same.descriptor;
            this.index = same.index;
            this.number = same.number;
            this.next = next;
        }

        Place(StackWalker.StackFrame frame, int number, Place next) {
            super(frame.getDeclaringClass());
            this.method = frame.getMethodName();
            this.descriptor = frame.getDescriptor();
            this.index = frame.getByteCodeIndex();
            this.number = number;
            this.next = next;
        }
    }

    private static final class Type extends WeakReference<Class<?>> {
        /** The set that it is inside of, or null. */
        final Class<?> set;
        final int number;
        final int mapBytes;
        final Type next;

        Type(Class<?> of, Class<?> set, int number, int mapBytes, Type next) {
            super(of);
            this.set = set;
            this.number = number;
            this.mapBytes = mapBytes;
            this.next = next;
        }
    }

    /**
     * Looks for the frame that makes a map: the innermost outside of java.util, and of the constructors of the map's own class;
     * of one that is read from a stream, the one that reads it.
     */
    static final class Finder implements Function<Stream<StackWalker.StackFrame>, StackWalker.StackFrame>,
            Predicate<StackWalker.StackFrame> {
        private final AbstractMap<?, ?> map;
        private Class<?> set;
        private boolean isRead;
        private StackWalker.StackFrame outermost;

        Finder(AbstractMap<?, ?> map) {
            this.map = map;
        }

        @Override
        public StackWalker.StackFrame apply(Stream<StackWalker.StackFrame> frames) {
            return frames.filter(this).findFirst().orElse(outermost);
        }

        @Override
        public boolean test(StackWalker.StackFrame frame) {
            Class<?> of = frame.getDeclaringClass();
            if (of == HashMap.class || of == MapscopeRecorder.class || of == MapscopePlaces.class) {
                return false;
            }
            if (of == HashSet.class || of == LinkedHashSet.class) {
                // A LinkedHashSet has a HashSet's constructor make its map.
                set = of;
                return false;
            }
            outermost = frame;
            if (of == LinkedHashMap.class || of == ConcurrentHashMap.class) {
                return false;
            }
            String pack = of.getPackageName();
            if (pack.startsWith("java.util") && (pack.length() == 9 || pack.charAt(9) == '.')) {
                return false;
            }
            if (of == ObjectStreamClass.class && frame.getMethodName().equals("invokeReadObject")) {
                isRead = true;
            }
            if (isRead && (of == ObjectStreamClass.class || of == ObjectInputStream.class)) {
                return false;
            }
            boolean ofOwnClass = of.isInstance(map) || set != null && HashSet.class.isAssignableFrom(of);
            return !ofOwnClass || !frame.getMethodName().equals("<init>");
        }
    }

    /** Has all classes loaded that are needed. */
    void warmUp() {
        StackWalker.StackFrame frame = WALKER.walk(new Finder(new HashMap<>()));
        new Place(frame, 0, null).refersTo(frame.getDeclaringClass());
        frame.toStackTraceElement();
    }

    /** Writes down where a new map is made, and its type; how many bytes the map itself has. */
    int describe(AbstractMap<?, ?> map, long row, Finder finder, StackWalker.StackFrame frame) {
        int place = frame == null ? unknown() : placeOf(frame);
        if (place == MapscopeFile.OTHER) {
            file.withoutPlace();
        }
        Type type = typeOf(map, finder.set);
        if (type.number == MapscopeFile.OTHER) {
            file.withoutType();
        }
        MapscopeFile.U.putInt(row + 8, type.number);
        MapscopeFile.U.storeFence();
        // The place comes last: without it there is no map.
        MapscopeFile.U.putIntVolatile(null, row, place);
        return type.mapBytes;
    }

    private int unknown() {
        synchronized (places) {
            if (unknown == 0) {
                unknown = file.place("unknown", ":0");
            }
            return unknown;
        }
    }

    private int placeOf(StackWalker.StackFrame frame) {
        Class<?> of = frame.getDeclaringClass();
        int index = frame.getByteCodeIndex();
        int bucket = (System.identityHashCode(of) * 31 + index) & BUCKETS - 1;
        Place first = places[bucket];
        for (Place place = first; place != null; place = place.next) {
            if (isThat(place, frame, of, index)) {
                return place.number;
            }
        }
        if (file.hasAllPlaces()) {
            return MapscopeFile.OTHER;
        }
        // Outside of the lock: a class that this initializes may be waiting for another thread, which makes a map.
        StackTraceElement element = frame.toStackTraceElement();
        String function = of.getName() + "." + frame.getMethodName();
        String name = element.getFileName();
        String pack = of.getPackageName().replace('.', '/');
        String folder = pack.isEmpty() ? "" : pack + "/";
        String at = name == null ? ":0" : folder + name + ":" + Math.max(element.getLineNumber(), 0);
        synchronized (places) {
            // All of it: whoever added one meanwhile may have put others into another order.
            for (Place place = places[bucket]; place != null; place = place.next) {
                if (isThat(place, frame, of, index)) {
                    return place.number;
                }
            }
            int number = file.place(function, at);
            if (number != MapscopeFile.OTHER) {
                // Whoever reads it without the lock sees it whole: its fields are final.
                places[bucket] = new Place(frame, number, alive(places[bucket]));
            }
            return number;
        }
    }

    /** Those of these places whose class has not been unloaded. */
    private static Place alive(Place first) {
        Place place = first;
        while (place != null && !place.refersTo(null)) {
            place = place.next;
        }
        if (place == null) {
            return first;
        }
        Place alive = null;
        for (place = first; place != null; place = place.next) {
            // One whose class goes right now refers to nothing, and no frame is of it.
            if (!place.refersTo(null)) {
                alive = new Place(place, alive);
            }
        }
        return alive;
    }

    private static boolean isThat(Place place, StackWalker.StackFrame frame, Class<?> of, int index) {
        return place.index == index
                && place.refersTo(of)
                && place.method.equals(frame.getMethodName())
                && place.descriptor.equals(frame.getDescriptor());
    }

    private Type typeOf(AbstractMap<?, ?> map, Class<?> set) {
        Class<?> of = map.getClass();
        int bucket = System.identityHashCode(of) & BUCKETS - 1;
        Type first = types[bucket];
        for (Type type = first; type != null; type = type.next) {
            if (type.refersTo(of) && type.set == set) {
                return type;
            }
        }
        boolean isShared = map instanceof ConcurrentHashMap;
        String name = nameOf(of, set, isShared);
        int mapBytes = (int) MapscopeRecorder.size.applyAsLong(map);
        synchronized (types) {
            for (Type type = types[bucket]; type != first; type = type.next) {
                if (type.refersTo(of) && type.set == set) {
                    return type;
                }
            }
            Type type = new Type(of, set, file.type(name, isShared, mapBytes), mapBytes, types[bucket]);
            // The file has room for a few thousand: there are no more here.
            if (type.number != MapscopeFile.OTHER) {
                types[bucket] = type;
            }
            return type;
        }
    }

    /** Keys and values have no types here. */
    private static String nameOf(Class<?> of, Class<?> set, boolean isShared) {
        if (set != null) {
            return set.getSimpleName();
        }
        if (of == HashMap.class || of == LinkedHashMap.class || of == ConcurrentHashMap.class) {
            return of.getSimpleName();
        }
        String kind = isShared ? "ConcurrentHashMap" : LinkedHashMap.class.isAssignableFrom(of) ? "LinkedHashMap" : "HashMap";
        return of.getName() + " (" + kind + ")";
    }
}
