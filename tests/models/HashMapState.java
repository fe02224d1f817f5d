import java.lang.reflect.Field;
import java.util.HashMap;

/** Does random writes on a HashMap and prints what it looks like after each. */
public class HashMapState {
    record Key(long id, int code) implements Comparable<Key> {
        @Override
        public int hashCode() {
            return code;
        }

        @Override
        public int compareTo(Key other) {
            return Long.compare(id, other.id);
        }
    }

    static long random = 1;

    static long draw(long below) {
        random = random * 6364136223846793005L + 1442695040888963407L;
        return (random >>> 33) % below;
    }

    static Field field(Class<?> type, String name) throws Exception {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    public static void main(String[] args) throws Exception {
        long writes = Long.parseLong(args[0]);
        long keys = Long.parseLong(args[1]);
        float loadFactor = Float.parseFloat(args[2]);
        int hint = Integer.parseInt(args[3]);
        int mask = Integer.parseInt(args[4]);
        Field table = field(HashMap.class, "table");
        Field threshold = field(HashMap.class, "threshold");
        Field next = field(Class.forName("java.util.HashMap$Node"), "next");
        Field key = field(Class.forName("java.util.HashMap$Node"), "key");
        Class<?> treeNode = Class.forName("java.util.HashMap$TreeNode");
        HashMap<Key, Long> map = new HashMap<>(hint == 0 ? 16 : hint, loadFactor);
        StringBuilder out = new StringBuilder();
        for (long write = 0; write < writes; write++) {
            long id = draw(keys);
            long dice = draw(100);
            Key written = new Key(id, (int) (id * 0x9e3779b97f4a7c15L >>> 32) & mask);
            if (dice < (write / (keys * 2) % 2 == 0 ? 20 : 70)) {
                map.remove(written);
            } else {
                map.put(written, write);
            }
            Object[] bins = (Object[]) table.get(map);
            long trees = 0;
            long order = 0;
            for (Object first : bins == null ? new Object[0] : bins) {
                trees += treeNode.isInstance(first) ? 1 : 0;
                for (Object node = first; node != null; node = next.get(node)) {
                    order = order * 1000003 + ((Key) key.get(node)).id();
                }
            }
            out.append(map.size()).append(' ').append(bins == null ? 0 : bins.length).append(' ');
            out.append(bins == null ? 0 : threshold.getInt(map)).append(' ').append(trees).append(' ');
            out.append(Long.toUnsignedString(order)).append('\n');
        }
        System.out.print(out);
    }
}
