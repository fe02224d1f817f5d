package java.util;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import jdk.internal.misc.Unsafe;
import sun.nio.ch.DirectBuffer;

/**
 * The file of the process, in shared memory: its header, places, frames, types, texts, and the maps' rows, for which it grows.
 * mapscope's docs/RECORDING.md describes it. Every part is written with zeros before it is mapped, because a full disk would end
 * the process later.
 */
final class MapscopeFile {
    static final Unsafe U = Unsafe.getUnsafe();
    static final int OTHER = -1;

    private static final int VERSION = 2;
    private static final int JAVA = 2;
    static final int ROW_BYTES = 136;

    private static final int PLACES_MAX = 1 << 14;
    private static final int TYPES_MAX = 1 << 11;
    private static final int TEXT_MAX = 2 << 20;
    private static final int MAPS_MAX = 1 << 22;
    private static final int MAPS_STEP = 1 << 11;
    private static final int PLACE_BYTES = 24;
    private static final int FRAME_BYTES = 16;
    private static final int TYPE_BYTES = 64;

    private static final int PLACES_AT = 4096;
    private static final int FRAMES_AT = PLACES_AT + PLACES_MAX * PLACE_BYTES;
    private static final int TYPES_AT = FRAMES_AT + PLACES_MAX * FRAME_BYTES;
    private static final int TEXT_AT = TYPES_AT + TYPES_MAX * TYPE_BYTES;
    private static final int MAPS_AT = TEXT_AT + TEXT_MAX;

    private static final int TEXT_CLAIMED = 112;
    private static final int MAPS_CLAIMED = 116;
    private static final int MAPS_READY = 120;
    private static final int MAPS_DROPPED = 124;
    private static final int PLACES_DROPPED = 128;
    private static final int TYPES_DROPPED = 136;
    private static final int TEXT_DROPPED = 140;
    private static final int FULL = 148;

    private final File path;
    private final long rate;
    private final long base;
    /** What is mapped stays so for as long as this does. */
    private final MappedByteBuffer[] mapped = new MappedByteBuffer[MAPS_MAX / MAPS_STEP + 1];
    /** Where the rows of each step begin. */
    private final long[] steps = new long[MAPS_MAX / MAPS_STEP];
    private final Object lock = new Object();
    private volatile long made;
    private volatile int places;
    private int types;

    private static final long MADE = U.objectFieldOffset(MapscopeFile.class, "made");

    MapscopeFile(String folder, int level, long rate) throws IOException {
        long now = System.currentTimeMillis();
        long pid = ProcessHandle.current().pid();
        this.path = new File(folder, pid + "-" + now * 1_000_000 + ".maps");
        this.rate = rate;
        this.base = map(mapped.length - 1, 0, MAPS_AT);
        more(0);
        putInt(8, VERSION);
        putInt(12, level);
        putLong(16, pid);
        putLong(24, rate);
        putLong(32, now / 1000);
        putInt(40, (int) (now % 1000) * 1_000_000);
        int[] offsets = {PLACES_AT, FRAMES_AT, TYPES_AT, TEXT_AT, MAPS_AT};
        for (int at = 0; at < offsets.length; at++) {
            putLong(48 + 8 * at, offsets[at]);
        }
        int[] most = {PLACES_MAX, PLACES_MAX, TYPES_MAX, TEXT_MAX, MAPS_MAX, 1};
        for (int at = 0; at < most.length; at++) {
            putInt(88 + 4 * at, most[at]);
        }
        // No text begins at 0, and no map is the first.
        putInt(TEXT_CLAIMED, 1);
        putInt(MAPS_CLAIMED, 1);
        putInt(152, JAVA);
        putInt(156, ROW_BYTES);
        putInt(44, text("java " + System.getProperty("java.version")));
        putInt(144, text(program()));
        U.storeFence();
        U.putLongVolatile(null, base, 0x65706f637370616dL);
    }

    /** The main class, or the jar, without its arguments. */
    private static String program() {
        String command = System.getProperty("sun.java.command", "java");
        int end = command.indexOf(' ');
        return end < 0 ? command : command.substring(0, end);
    }

    private void putInt(int at, int number) {
        U.putInt(base + at, number);
    }

    private void putLong(int at, long number) {
        U.putLong(base + at, number);
    }

    private void dropped(int at) {
        U.getAndAddInt(null, base + at, 1);
    }

    /** A map could not be recorded. */
    void failed() {
        dropped(MAPS_DROPPED);
    }

    /** A map is recorded without its place, for which there was no room. */
    void withoutPlace() {
        dropped(PLACES_DROPPED);
    }

    /** A map is recorded without its type, for which there was no room. */
    void withoutType() {
        dropped(TYPES_DROPPED);
    }

    /** Whether there is room for no further place. */
    boolean hasAllPlaces() {
        return places == PLACES_MAX;
    }

    /** Whether a new map is of the sample. */
    boolean isSampled() {
        return rate == 1 || Long.remainderUnsigned(mixed(U.getAndAddLong(this, MADE, 1)), rate) == 0;
    }

    /** The row of a new map; 0 where there is no room. */
    long claim() {
        // Where there is no more room, nothing is claimed: the counter must not come round.
        int claimed = U.getIntVolatile(null, base + MAPS_CLAIMED);
        int id = claimed < MAPS_MAX ? U.getAndAddInt(null, base + MAPS_CLAIMED, 1) : MAPS_MAX;
        if (id >= MAPS_MAX || id >= U.getIntVolatile(null, base + MAPS_READY) && !more(id)) {
            dropped(MAPS_DROPPED);
            return 0;
        }
        return steps[id / MAPS_STEP] + (long) (id % MAPS_STEP) * ROW_BYTES;
    }

    /** As good as random. */
    private static long mixed(long number) {
        long mixed = (number + 1) * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ mixed >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31;
    }

    /** Makes room for the map of this number, and for those of its step. */
    private boolean more(int id) {
        synchronized (lock) {
            int ready = U.getIntVolatile(null, base + MAPS_READY);
            while (ready <= id && U.getInt(base + FULL) == 0) {
                int step = ready / MAPS_STEP;
                try {
                    steps[step] = map(step, MAPS_AT + (long) ready * ROW_BYTES, MAPS_STEP * ROW_BYTES);
                } catch (IOException error) {
                    putInt(FULL, 1);
                    return false;
                }
                ready += MAPS_STEP;
                U.putIntVolatile(null, base + MAPS_READY, ready);
            }
            return ready > id;
        }
    }

    /** Writes zeros there, and maps them. */
    private long map(int part, long at, int bytes) throws IOException {
        // What is interruptible would fail in a thread that is interrupted.
        boolean interrupted = Thread.interrupted();
        try (RandomAccessFile file = new RandomAccessFile(path, "rw")) {
            byte[] zeros = new byte[1 << 16];
            file.seek(at);
            for (int left = bytes; left > 0; left -= zeros.length) {
                file.write(zeros, 0, Math.min(left, zeros.length));
            }
            mapped[part] = file.getChannel().map(FileChannel.MapMode.READ_WRITE, at, bytes);
            return ((DirectBuffer) mapped[part]).address();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The number of a new place, from 1, or OTHER; its function, and its file and line as `file:line`. */
    int place(String function, String at) {
        synchronized (lock) {
            if (hasAllPlaces()) {
                return OTHER;
            }
            int number = places + 1;
            places = number;
            long frame = base + FRAMES_AT + (long) (number - 1) * FRAME_BYTES;
            U.putInt(frame + 8, text(plain(function) + "\t" + plain(at) + "\n"));
            U.putLong(frame, number);
            U.putInt(frame + 12, 1);
            long place = base + PLACES_AT + (long) (number - 1) * PLACE_BYTES;
            U.putLong(place, number);
            U.putLong(place + 16, number);
            U.storeFence();
            U.putIntVolatile(null, place + 8, 1);
            return number;
        }
    }

    /** The number of a new type, from 1, or OTHER; how its tables are made. */
    int type(String name, boolean isShared, int mapBytes) {
        synchronized (lock) {
            if (types == TYPES_MAX) {
                return OTHER;
            }
            int number = ++types;
            long type = base + TYPES_AT + (long) (number - 1) * TYPE_BYTES;
            U.putLong(type, number);
            U.putInt(type + 32, isShared ? 4 : 3);
            U.putInt(type + 36, MapscopeRecorder.reference);
            U.putInt(type + 40, MapscopeRecorder.alignment);
            U.putInt(type + 44, MapscopeRecorder.arrayHeader);
            U.putInt(type + 52, mapBytes);
            U.storeFence();
            U.putIntVolatile(null, type + 8, text(plain(name)));
            U.putInt(type + 28, 1);
            return number;
        }
    }

    /** Whatever would end a line. */
    private static String plain(String text) {
        return text.replace('\n', '?').replace('\t', '?').replace('\0', '?');
    }

    /** Where a text is, ended by a zero; 0 where there is no room for it. */
    private int text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        synchronized (lock) {
            int at = U.getInt(base + TEXT_CLAIMED);
            if (bytes.length >= TEXT_MAX - at) {
                dropped(TEXT_DROPPED);
                return 0;
            }
            for (int index = 0; index < bytes.length; index++) {
                U.putByte(base + TEXT_AT + at + index, bytes[index]);
            }
            putInt(TEXT_CLAIMED, at + bytes.length + 1);
            return at;
        }
    }
}
