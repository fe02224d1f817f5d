import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Works a HashMap and prints, operation by operation, what the JVM allocated: in the map, and for the entry of a put. */
public class HashMapBytes {
    static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static final Object NOTHING = new Object();
    static final byte[] TEXT = new byte[43];

    static long random;

    static long draw(long below) {
        random = random * 6364136223846793005L + 1442695040888963407L;
        return (random >>> 33) % below;
    }

    /** A box of which a mask leaves few hash codes, or, without one, small numbers, negative ones among them. */
    static Long number(long id, long mask) {
        return bits(id, mask);
    }

    static long bits(long id, long mask) {
        return mask < 0 ? id - 200 : id << 32 | id ^ id & mask;
    }

    /** The characters of a key, one more than those of which a mask leaves few hash codes. */
    static byte[] characters(long id, long mask) {
        if (mask < 0) {
            return "user%020d".formatted(id).getBytes(StandardCharsets.ISO_8859_1);
        }
        StringBuilder text = new StringBuilder().append((char) ('a' + (id & mask)));
        for (int bit = 0; bit < 12; bit++) {
            text.append((id >> bit & 1) == 0 ? "Aa" : "BB");
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    static Object value(String kind, long write) {
        return switch (kind) {
            case "long" -> Long.valueOf(write % 300 - 150);
            case "64" -> new byte[64];
            case "256" -> new byte[256];
            case "int" -> Integer.valueOf((int) (write % 300 - 150));
            case "bool" -> Boolean.valueOf(write % 2 == 0);
            case "nothing" -> NOTHING;
            case "text" -> new String(TEXT, StandardCharsets.ISO_8859_1);
            default -> new byte[(int) (8 + write % 50)];
        };
    }

    static long sum;

    static void work(String[] args, long[] own, long[] entries) {
        boolean strings = args[0].equals("string");
        String kind = args[1];
        int keys = Integer.parseInt(args[3]);
        long mask = Long.parseLong(args[4]);
        int hint = Integer.parseInt(args[5]);
        byte[][] texts = new byte[keys][];
        for (int id = 0; strings && id < keys; id++) {
            texts[id] = characters(id, mask);
        }
        boolean fill = args[6].equals("fill");
        random = 1;
        long before = THREADS.getCurrentThreadAllocatedBytes();
        HashMap<Object, Object> map = hint == 0 ? new HashMap<>() : new HashMap<>(hint);
        own[0] = THREADS.getCurrentThreadAllocatedBytes() - before;
        for (int write = 1; write < own.length; write++) {
            int id = fill ? (write - 1) % keys : (int) draw(keys);
            long dice = fill ? 99 : draw(100);
            long removes = write / (keys * 2) % 2 == 0 ? 20 : 60;
            long rare = fill ? 0 : draw(200);
            long made = THREADS.getCurrentThreadAllocatedBytes();
            Object key = switch (args[0]) {
                case "string" -> new String(texts[id], StandardCharsets.ISO_8859_1);
                case "uuid" -> new UUID(bits(id, mask), 0);
                case "int" -> Integer.valueOf(id - 200);
                default -> number(id, mask);
            };
            Object value = null;
            if (dice >= removes + 15 && !(rare == 1)) {
                value = value(kind, write);
            }
            long begun = THREADS.getCurrentThreadAllocatedBytes();
            if (rare == 1 && dice < 10) {
                map.clear();
            } else if (rare == 1) {
                for (Map.Entry<Object, Object> entry : map.entrySet()) {
                    sum += entry.getKey().hashCode();
                }
            } else if (dice < removes) {
                map.remove(key);
            } else if (dice < removes + 15) {
                map.get(key);
            } else {
                map.put(key, value);
            }
            own[write] = THREADS.getCurrentThreadAllocatedBytes() - begun;
            entries[write] = value == null ? 0 : begun - made;
        }
    }

    public static void main(String[] args) {
        int writes = Integer.parseInt(args[2]) + 1;
        long[] own = new long[writes];
        long[] entries = new long[writes];
        // What a JVM does once it has done by then.
        work(args, own, entries);
        work(args, own, entries);
        StringBuilder out = new StringBuilder();
        for (int write = 0; write < writes; write++) {
            out.append(own[write]).append(' ').append(entries[write]).append('\n');
        }
        System.out.print(out);
    }
}
