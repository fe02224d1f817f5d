package java.util;

import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongFunction;
import jdk.internal.misc.Unsafe;

/**
 * What the JDK's maps call. Nothing here may end the program: whatever is thrown is caught and counted. A row is written by load
 * and store by whoever has the map to itself, as HashMap demands, and atomically where several threads may come at once.
 */
public final class MapscopeRecorder {
    private static final Unsafe U = MapscopeFile.U;

    private static final int HINT = 4;
    private static final int FLAGS = 12;
    private static final int WRITES = 16;
    private static final int INSERTS = 24;
    private static final int REMOVES = 32;
    private static final int LOOKUPS = 40;
    private static final int ENTRIES = 48;
    private static final int ENTRIES_MAX = 56;
    private static final int GROWTHS = 64;
    private static final int CLEARS = 68;
    private static final int MOVED = 72;
    private static final int TABLE_BYTES = 80;
    private static final int ENTRY_BYTES = 88;
    private static final int ABANDONED = 96;
    private static final int HELD = 104;
    private static final int HELD_MAX = 112;
    private static final int ITERATIONS = 120;
    private static final int TREEIFIED = 128;

    /** What a hint would save is not known. */
    private static final int NO_HINT = 32;
    /** How much is held is not known from here on. */
    private static final int NOT_HELD = 128;

    /** Entries of a table of so many before it grows, where nothing else is asked for. */
    private static final float LOAD_FACTOR = 0.75f;

    /** Bytes of an object. */
    static ToLongFunction<Object> size;
    /** What the size of every object is a multiple of, what an array has besides its elements, and bytes of a reference. */
    static int alignment;
    static int arrayHeader;
    static int reference;

    private static MapscopeFile file;
    private static MapscopePlaces places;
    private static volatile boolean on;
    private static long nodeBytes;
    private static long linkedBytes;
    private static long treeBytes;
    /** Of ConcurrentHashMap's nodes, which this package can't name. */
    private static long sharedNodeBytes;
    private static Class<?> sharedNode;
    private static long sharedTreeBytes;
    private static long sharedNextAt;
    /** Threads that are about to describe a map: what they make meanwhile is the recorder's own. */
    private static final ThreadLocal<boolean[]> BUSY = new ThreadLocal<>();

    private MapscopeRecorder() {}

    /** Makes the file; why it can't, or null. */
    public static String open(String folder, int level, long rate, ToLongFunction<Object> of) {
        try {
            size = of;
            measureArrays(of);
            nodeBytes = of.applyAsLong(new HashMap.Node<>(0, null, null, null));
            linkedBytes = of.applyAsLong(new LinkedHashMap.Entry<>(0, null, null, null));
            treeBytes = of.applyAsLong(new HashMap.TreeNode<>(0, null, null, null));
            sharedNode = Class.forName("java.util.concurrent.ConcurrentHashMap$Node");
            Class<?> tree = Class.forName("java.util.concurrent.ConcurrentHashMap$TreeNode");
            sharedNodeBytes = of.applyAsLong(U.allocateInstance(sharedNode));
            sharedTreeBytes = of.applyAsLong(U.allocateInstance(tree));
            sharedNextAt = U.objectFieldOffset(sharedNode, "next");
            file = new MapscopeFile(folder, level, rate);
            places = new MapscopePlaces(file);
            places.warmUp();
            return null;
        } catch (Throwable error) {
            return folder + ": " + error;
        }
    }

    /** From now on maps that are made are recorded. */
    public static void start() {
        on = true;
    }

    /** Works out how this JVM lays out arrays, from what it says of some. */
    private static void measureArrays(ToLongFunction<Object> of) {
        long empty = of.applyAsLong(new byte[0]);
        int length = 1;
        while (of.applyAsLong(new byte[length]) == empty) {
            length++;
        }
        alignment = (int) (of.applyAsLong(new byte[length]) - empty);
        reference = (int) (of.applyAsLong(new Object[4096]) - of.applyAsLong(new Object[2048])) / 2048;
        empty = of.applyAsLong(new Object[0]);
        int fit = 0;
        while (of.applyAsLong(new Object[fit + 1]) == empty) {
            fit++;
        }
        // References begin at a multiple of their size.
        arrayHeader = (int) empty - fit * reference;
        for (length = 1; length <= 1 << 16; length *= 2) {
            long bytes = of.applyAsLong(new Object[length]);
            if (tableBytes(length) != bytes) {
                throw new IllegalStateException("an array of " + length + " has " + bytes + " bytes, which was not expected");
            }
        }
    }

    private static void failed(Throwable error) {
        // Where even this fails, nothing is left to do.
        file.failed();
    }

    private static void add(long at, long more) {
        U.putLong(at, U.getLong(at) + more);
    }

    private static void raise(long at, long least) {
        if (U.getLong(at) < least) {
            U.putLong(at, least);
        }
    }

    private static void raiseShared(long at, long least) {
        long was = U.getLongVolatile(null, at);
        while (was < least && !U.compareAndSetLong(null, at, was, least)) {
            was = U.getLongVolatile(null, at);
        }
    }

    private static long addShared(long at, long more) {
        return U.getAndAddLong(null, at, more) + more;
    }

    private static void flag(long row, int flag) {
        int was = U.getIntVolatile(null, row + FLAGS);
        while ((was & flag) == 0 && !U.compareAndSetInt(null, row + FLAGS, was, was | flag)) {
            was = U.getIntVolatile(null, row + FLAGS);
        }
    }

    private static long tableBytes(int length) {
        long bytes = arrayHeader + (long) length * reference;
        return (bytes + alignment - 1) / alignment * alignment;
    }

    // Any map.

    /**
     * A map was made: with a hint or 0, and a load factor, or 0 for the usual one. The stack is walked right here: each frame
     * on the way to the program's own is one more to walk.
     */
    public static void made(AbstractMap<?, ?> map, int hint, float loadFactor) {
        if (!on || !file.isSampled()) {
            return;
        }
        boolean[] busy = null;
        try {
            busy = BUSY.get();
            if (busy == null) {
                busy = new boolean[1];
                BUSY.set(busy);
            }
            if (busy[0]) {
                return;
            }
            busy[0] = true;
            long row = file.claim();
            if (row != 0) {
                MapscopePlaces.Finder finder = new MapscopePlaces.Finder(map);
                StackWalker.StackFrame frame = MapscopePlaces.WALKER.walk(finder);
                begin(map, row, hint, loadFactor == 0 ? LOAD_FACTOR : loadFactor, finder, frame);
            }
            busy[0] = false;
        } catch (Throwable error) {
            if (busy != null) {
                busy[0] = false;
            }
            failed(error);
        }
    }

    private static void begin(
            AbstractMap<?, ?> map, long row, int hint, float loadFactor, MapscopePlaces.Finder finder,
            StackWalker.StackFrame frame) {
        U.putInt(row + HINT, hint);
        if (loadFactor != LOAD_FACTOR) {
            U.putInt(row + FLAGS, NO_HINT);
        }
        long bytes = places.describe(map, row, finder, frame);
        U.putLong(row + TABLE_BYTES, bytes);
        U.putLong(row + HELD, bytes);
        U.putLong(row + HELD_MAX, bytes);
        map.values = (Collection) new MapscopeRecord(row);
    }

    /** What HashMap and LinkedHashMap read as the view of their values. */
    public static Collection<?> values(AbstractMap<?, ?> map) {
        Collection<?> values = map.values;
        return values instanceof MapscopeRecord record ? record.values : values;
    }

    /** What they write. */
    public static void values(AbstractMap<?, ?> map, Collection<?> view) {
        if (map.values instanceof MapscopeRecord record) {
            record.values = view;
        } else {
            map.values = (Collection) view;
        }
    }

    // HashMap and LinkedHashMap.

    /** A lookup begins. */
    public static void lookedUp(HashMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            U.getAndAddLong(null, record.row + LOOKUPS, 1);
        }
    }

    /** Its entries will be visited. */
    public static void iterated(HashMap<?, ?> map) {
        if (map.size > 0 && map.values instanceof MapscopeRecord record) {
            U.getAndAddLong(null, record.row + ITERATIONS, 1);
        }
    }

    /** An entry has been added. */
    public static void inserted(HashMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            long row = record.row;
            add(row + WRITES, 1);
            add(row + INSERTS, 1);
            U.putLong(row + ENTRIES, map.size);
            raise(row + ENTRIES_MAX, map.size);
        }
    }

    /** The value of an entry was replaced. */
    public static void overwrote(HashMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            add(record.row + WRITES, 1);
        }
    }

    /** This entry was removed, or none. */
    public static void removed(HashMap.Node<?, ?> node, HashMap<?, ?> map) {
        if (node != null && map.values instanceof MapscopeRecord record) {
            add(record.row + REMOVES, 1);
            U.putLong(record.row + ENTRIES, map.size);
            add(record.row + HELD, -bytesOf(node));
        }
    }

    /** All entries are about to go. */
    public static void cleared(HashMap<?, ?> map) {
        if (map.size > 0 && map.values instanceof MapscopeRecord record) {
            long row = record.row;
            U.putInt(row + CLEARS, U.getInt(row + CLEARS) + 1);
            U.putLong(row + ENTRIES, 0);
            add(row + HELD, -entryBytes(map, U.getLong(row + TREEIFIED) > 0));
        }
    }

    private static long entryBytes(HashMap<?, ?> map, boolean hasTrees) {
        if (!hasTrees) {
            return map.size * (map instanceof LinkedHashMap ? linkedBytes : nodeBytes);
        }
        long bytes = 0;
        for (HashMap.Node<?, ?> first : map.table) {
            for (HashMap.Node<?, ?> node = first; node != null; node = node.next) {
                bytes += bytesOf(node);
            }
        }
        return bytes;
    }

    private static long bytesOf(HashMap.Node<?, ?> node) {
        Class<?> of = node.getClass();
        return of == HashMap.Node.class ? nodeBytes : of == LinkedHashMap.Entry.class ? linkedBytes : treeBytes;
    }

    /** A node was allocated for a new entry. */
    public static void node(HashMap.Node<?, ?> node, HashMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            allocated(record.row, bytesOf(node), 0);
        }
    }

    /** A node was allocated for an entry that had another one. */
    public static void replaced(HashMap.Node<?, ?> node, HashMap.Node<?, ?> old, HashMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            allocated(record.row, bytesOf(node), bytesOf(old));
        }
    }

    private static void allocated(long row, long bytes, long freed) {
        add(row + ENTRY_BYTES, bytes);
        long held = U.getLong(row + HELD) + bytes - freed;
        U.putLong(row + HELD, held);
        raise(row + HELD_MAX, held);
    }

    /** A table is about to take the place of the one that is there, if any. */
    public static void table(HashMap<?, ?> map, HashMap.Node<?, ?>[] table) {
        if (map.values instanceof MapscopeRecord record) {
            long row = record.row;
            long bytes = tableBytes(table.length);
            add(row + TABLE_BYTES, bytes);
            long held = U.getLong(row + HELD) + bytes;
            raise(row + HELD_MAX, held);
            if (map.table != null) {
                long old = tableBytes(map.table.length);
                U.putInt(row + GROWTHS, U.getInt(row + GROWTHS) + 1);
                add(row + MOVED, map.size);
                add(row + ABANDONED, old);
                held -= old;
            }
            U.putLong(row + HELD, held);
        }
    }

    /** A bin is so long that its table grows. Its last entry is not yet counted, and moves too. */
    public static void resizesBin(HashMap<?, ?> map) {
        if (map.table != null && map.values instanceof MapscopeRecord record) {
            flag(record.row, NO_HINT);
            add(record.row + MOVED, 1);
        }
    }

    /** A bin became a tree. */
    public static void treeified(AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            addShared(record.row + TREEIFIED, 1);
        }
    }

    // ConcurrentHashMap.

    /** A lookup begins. */
    public static void lookedUpShared(AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            U.getAndAddLong(null, record.row + LOOKUPS, 1);
        }
    }

    /** Its entries will be visited. */
    public static void iteratedShared(AbstractMap<?, ?> map) {
        if (map != null && map.values instanceof MapscopeRecord record && U.getLong(record.row + ENTRIES) > 0) {
            U.getAndAddLong(null, record.row + ITERATIONS, 1);
        }
    }

    /** So many entries were added, or removed. */
    public static void counted(long more, AbstractMap<?, ?> map) {
        if (more != 0 && map.values instanceof MapscopeRecord record) {
            long row = record.row;
            if (more > 0) {
                addShared(row + WRITES, more);
                addShared(row + INSERTS, more);
                raiseShared(row + ENTRIES_MAX, addShared(row + ENTRIES, more));
            } else {
                addShared(row + REMOVES, -more);
                addShared(row + ENTRIES, more);
            }
            raiseShared(row + HELD_MAX, addShared(row + HELD, more * sharedNodeBytes));
        }
    }

    /** So many were removed by clearing: a number below 0. */
    public static void cleared(long more, AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            U.getAndAddInt(null, record.row + CLEARS, 1);
            addShared(record.row + ENTRIES, more);
            addShared(record.row + HELD, more * sharedNodeBytes);
        }
    }

    /** The value of an entry was replaced. */
    public static void overwrote(AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            addShared(record.row + WRITES, 1);
        }
    }

    /** A node was allocated. */
    public static void allocated(Object node, AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            addShared(record.row + ENTRY_BYTES, sharedBytesOf(node));
        }
    }

    private static long sharedBytesOf(Object node) {
        return node.getClass() == sharedNode ? sharedNodeBytes : size.applyAsLong(node);
    }

    /** One was allocated for an entry that had another one. */
    public static void copied(Object node, AbstractMap<?, ?> map) {
        allocated(node, map);
    }

    /** A node of the old table says where the new one is. */
    public static void forwards(Object node, AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            addShared(record.row + TABLE_BYTES, sharedBytesOf(node));
        }
    }

    /** The first table is about to be there. */
    public static void table(AbstractMap<?, ?> map, Object[] table) {
        if (map.values instanceof MapscopeRecord record) {
            took(record.row, tableBytes(table.length));
        }
    }

    private static void took(long row, long bytes) {
        addShared(row + TABLE_BYTES, bytes);
        raiseShared(row + HELD_MAX, addShared(row + HELD, bytes));
    }

    /** A larger table is allocated, or none any more. */
    public static void growing(AbstractMap<?, ?> map, Object[] table) {
        if (table != null && map.values instanceof MapscopeRecord record) {
            took(record.row, tableBytes(table.length));
            U.getAndAddInt(null, record.row + GROWTHS, 1);
            addShared(record.row + MOVED, U.getLongVolatile(null, record.row + ENTRIES));
        }
    }

    /** The larger table is about to take the old one's place. */
    public static void grown(AbstractMap<?, ?> map, Object[] table, Object[] old) {
        if (map.values instanceof MapscopeRecord record) {
            long bytes = tableBytes(old.length);
            addShared(record.row + ABANDONED, bytes);
            addShared(record.row + HELD, -bytes);
        }
    }

    /** A bin is so long that its table may grow. Its last entry is there, though not yet counted. */
    public static void resizesBin(AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            addShared(record.row + ENTRIES, 1);
        }
    }

    /** That entry will be counted. */
    public static void resizedBin(AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            addShared(record.row + ENTRIES, -1);
        }
    }

    /** The table grows before there are as many entries. */
    public static void presized(AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            flag(record.row, NO_HINT);
        }
    }

    /** A bin became this tree. */
    public static void treeified(Object bin, AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            addShared(record.row + ENTRY_BYTES, sharedBytesOf(bin));
            addShared(record.row + TREEIFIED, 1);
            flag(record.row, NOT_HELD);
        }
    }

    /** A tree was asked for the node of a key: where it had none, it has one now. */
    public static void treePut(Object found, AbstractMap<?, ?> map) {
        if (found == null && map.values instanceof MapscopeRecord record) {
            addShared(record.row + ENTRY_BYTES, sharedTreeBytes);
        }
    }

    /** A tree became this list. */
    public static void untreeified(Object first, AbstractMap<?, ?> map) {
        if (map.values instanceof MapscopeRecord record) {
            for (Object node = first; node != null; node = U.getReference(node, sharedNextAt)) {
                addShared(record.row + ENTRY_BYTES, sharedNodeBytes);
            }
        }
    }
}
