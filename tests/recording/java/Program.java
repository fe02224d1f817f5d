import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.ObjectName;

/** Maps of which is known what they come to; the test finds their lines by the comments that end them. */
public final class Program {
    private static final List<Object> KEPT = new ArrayList<>();

    private Program() {}

    /** Keys that all fall into one list, and are in order. */
    private record Bad(int number) implements Comparable<Bad> {
        @Override
        public int hashCode() {
            return 7;
        }

        @Override
        public int compareTo(Bad other) {
            return Integer.compare(number, other.number);
        }
    }

    /** Keeps its last three. */
    private static final class Recent<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > 3;
        }
    }

    public static void main(String[] words) throws Exception {
        switch (words.length == 0 ? "" : words[0]) {
            case "layout":
                all();
                System.out.print(histogram());
                break;
            case "wait":
                counted();
                System.out.println(ProcessHandle.current().pid());
                System.in.read();
                break;
            case "attach":
                System.out.println(ProcessHandle.current().pid());
                System.in.read();
                System.out.println(counted());
                System.in.read();
                break;
            case "killed":
                killed(Integer.parseInt(words[1]));
                break;
            case "generated":
                generated(Integer.parseInt(words[1]));
                break;
            default:
                all();
        }
    }

    /** Makes maps, and is made into any number of classes. */
    public static final class Maker implements Supplier<Map<Integer, Integer>> {
        @Override
        public Map<Integer, Integer> get() {
            return new HashMap<>(); // generated
        }
    }

    /** Each has a class of its own of the same bytes. */
    private static final class Loader extends ClassLoader {
        Class<?> define(byte[] bytes) {
            return defineClass("Program$Maker", bytes, 0, bytes.length);
        }
    }

    /** Twice as many classes, each of which makes two maps and goes; says how many places are remembered in the end. */
    private static void generated(int count) throws Exception {
        byte[] bytes = Program.class.getResourceAsStream("Program$Maker.class").readAllBytes();
        for (int round = 0; round < 2; round++) {
            for (int made = 0; made < count; made++) {
                Class<?> of = new Loader().define(bytes);
                Supplier<?> maker = (Supplier<?>) of.getDeclaredConstructor().newInstance();
                maker.get();
                maker.get();
            }
            System.gc();
        }
        Object places = field(Class.forName("java.util.MapscopeRecorder"), "places").get(null);
        Object[] buckets = (Object[]) field(places.getClass(), "places").get(places);
        int remembered = 0;
        for (Object place : buckets) {
            for (; place != null; place = field(place.getClass(), "next").get(place)) {
                remembered++;
            }
        }
        System.out.println(remembered);
    }

    private static Field field(Class<?> of, String name) throws Exception {
        Field field = of.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    private static void all() throws Exception {
        System.out.println(counted() + " " + trees() + " " + sharedTrees() + " " + linked() + " " + shared() + " " + made());
    }

    private static int counted() {
        int sum = 0;
        for (int round = 0; round < 2; round++) {
            Map<String, Integer> map = new HashMap<>(); // counted
            for (int key = 0; key < 100; key++) {
                map.put("k" + key, key);
            }
            for (int key = 0; key < 10; key++) {
                map.put("k" + key, 0);
                map.merge("k" + key, 1, Integer::sum);
                map.compute("k" + key, (name, value) -> value + 1);
            }
            for (int key = 0; key < 80; key++) {
                sum += map.get("k" + key);
            }
            // Found: lookups, and no writes.
            map.putIfAbsent("k1", 1);
            map.computeIfAbsent("k1", String::length);
            for (int key = 0; key < 10; key++) {
                map.remove("k" + key);
            }
            map.remove("absent");
            for (Map.Entry<String, Integer> entry : map.entrySet()) {
                sum += entry.getValue();
            }
            map.forEach((key, value) -> {});
            sum += map.values().size() + map.values().stream().mapToInt(value -> value).sum();
            KEPT.add(map);
        }
        return sum;
    }

    private static int trees() {
        Map<Bad, Integer> map = new HashMap<>(); // trees
        for (int key = 0; key < 12; key++) {
            map.put(new Bad(key), key);
        }
        Map<Bad, Integer> gone = new LinkedHashMap<>(128); // untreeified
        for (int key = 0; key < 12; key++) {
            gone.put(new Bad(key), key);
        }
        for (int key = 0; key < 12; key++) {
            gone.remove(new Bad(key));
        }
        KEPT.add(map);
        KEPT.add(gone);
        return map.get(new Bad(11)) + gone.size();
    }

    private static int sharedTrees() {
        Map<Bad, Integer> map = new ConcurrentHashMap<>(); // shared trees
        for (int key = 0; key < 12; key++) {
            map.put(new Bad(key), key);
        }
        KEPT.add(map);
        return map.get(new Bad(11));
    }

    private static int linked() {
        Recent<Integer, Integer> recent = new Recent<>(); // recent
        for (int key = 0; key < 10; key++) {
            recent.put(key, key);
        }
        HashSet<Integer> set = new HashSet<>(); // set
        for (int key = 0; key < 20; key++) {
            set.add(key % 10);
        }
        for (Iterator<Integer> keys = set.iterator(); keys.hasNext(); ) {
            if (keys.next() % 2 == 0) {
                keys.remove();
            }
        }
        KEPT.add(recent);
        KEPT.add(set);
        return recent.size() + set.size();
    }

    private static int shared() throws InterruptedException {
        ConcurrentHashMap<Integer, Integer> map = new ConcurrentHashMap<>(1000); // shared
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < 8; number++) {
            Thread thread = new Thread(() -> {
                for (int key = 0; key < 1000; key++) {
                    map.merge(key % 100, 1, Integer::sum);
                    map.get(key % 100);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        int sum = map.get(0);
        ConcurrentHashMap<Integer, Integer> grown = new ConcurrentHashMap<>(); // shared grown
        for (int key = 0; key < 100; key++) {
            grown.put(key, key);
        }
        grown.remove(1);
        grown.clear();
        KEPT.add(map);
        KEPT.add(grown);
        return sum + grown.size();
    }

    private static int made() throws Exception {
        Map<Integer, Integer> hinted = new HashMap<>(64); // hinted
        hinted.put(1, 1);
        hinted.clear();
        hinted.clear();
        HashMap<Integer, Integer> three = new HashMap<>(Map.of(1, 1, 2, 2, 3, 3)); // copied
        Object clone = three.clone(); // cloned
        Object read = new ObjectInputStream(new ByteArrayInputStream(written(three))).readObject(); // read
        Map<Integer, Integer> collected = Stream.of(1, 2).collect(Collectors.toMap(key -> key, key -> key)); // collected
        KEPT.addAll(List.of(hinted, three, clone, read, collected));
        return clone.equals(read) ? collected.size() : -1;
    }

    private static byte[] written(Object object) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream stream = new ObjectOutputStream(bytes)) {
            stream.writeObject(object);
        }
        return bytes.toByteArray();
    }

    private static void killed(int inserts) throws Exception {
        Map<Integer, Map<Integer, Integer>> map = new HashMap<>(); // killed
        for (int key = 0; key < inserts; key++) {
            map.put(key, new HashMap<>()); // inner
        }
        new ProcessBuilder("sh", "-c", "kill -9 " + ProcessHandle.current().pid()).start().waitFor();
        Thread.sleep(60_000);
    }

    /** What the JVM itself says of its objects: a line each class, its instances and their bytes. */
    private static String histogram() throws Exception {
        ObjectName name = new ObjectName("com.sun.management:type=DiagnosticCommand");
        Object[] arguments = {new String[0]};
        String[] signature = {String[].class.getName()};
        Object said = ManagementFactory.getPlatformMBeanServer().invoke(name, "gcClassHistogram", arguments, signature);
        StringBuilder lines = new StringBuilder();
        for (String line : said.toString().split("\n")) {
            String[] words = line.trim().split("\\s+");
            if (words.length > 3 && words[3].startsWith("java.util.")) {
                lines.append(words[3]).append(' ').append(words[1]).append(' ').append(words[2]).append('\n');
            }
        }
        return lines.toString();
    }
}
