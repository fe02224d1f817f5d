package mapscope;

import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandles;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Defines the recorder beside HashMap, and puts the calls to it into the classes that are recorded.
 *
 * <p>The recorder's classes are defined in the package java.util by the JDK's own means (an opened package and
 * {@link MethodHandles.Lookup#defineClass}): it reads fields that no other package may, and the boot class path stays as it is.
 */
public final class Setup {
    private static final String[] RECORDER = {
        "MapscopeRecord",
        "MapscopeFile",
        "MapscopePlaces",
        "MapscopePlaces$Place",
        "MapscopePlaces$Type",
        "MapscopePlaces$Finder",
        "MapscopeRecorder",
    };
    /** From this version on the JDK has java.lang.classfile, and no ASM. */
    private static final int CLASSFILE = 24;

    private Setup() {}

    /** Begins to record, as LEVEL:RATE:FOLDER says; why it can't, or null. */
    public static String begin(String setting, Instrumentation instrumentation) throws Throwable {
        String[] parts = setting.split(":", 3);
        if (parts.length < 3 || parts[2].isEmpty()) {
            return "MAPSCOPE_RECORD is not LEVEL:RATE:FOLDER";
        }
        int level = Math.min(Integer.parseInt(parts[0]), 2);
        long rate = Long.parseLong(parts[1]);
        if (level < 1 || rate < 1) {
            return "MAPSCOPE_RECORD is not LEVEL:RATE:FOLDER";
        }
        if (!instrumentation.isRetransformClassesSupported()) {
            return "this JVM changes no class that is loaded";
        }
        boolean hasClassFile = Runtime.version().feature() >= CLASSFILE;
        Module own = Setup.class.getModule();
        Map<String, Set<Module>> exports = hasClassFile ? Map.of() : Map.of("jdk.internal.org.objectweb.asm", Set.of(own));
        instrumentation.redefineModule(
                Object.class.getModule(), Set.of(), exports, Map.of("java.util", Set.of(own)), Set.of(), Map.of());

        MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(HashMap.class, MethodHandles.lookup());
        Class<?> recorder = null;
        for (String name : RECORDER) {
            try {
                recorder = lookup.defineClass(resource("recorder/java/util/" + name + ".class"));
            } catch (LinkageError twice) {
                return "this program is recorded already";
            }
        }
        ToLongFunction<Object> size = instrumentation::getObjectSize;
        Object why = recorder.getMethod("open", String.class, int.class, long.class, ToLongFunction.class)
                .invoke(null, parts[2], level, rate, size);
        if (why != null) {
            return (String) why;
        }
        Hooks hooks = new Hooks(level > 1);
        String editor = hasClassFile ? "mapscope.ClassFileEditor" : "mapscope.AsmEditor";
        String missing = install(instrumentation, hooks, (Editor) Class.forName(editor).getDeclaredConstructor().newInstance());
        if (missing != null) {
            return missing;
        }
        recorder.getMethod("start").invoke(null);
        return null;
    }

    /** Changes the classes; why that can't be, in which case they are as they were. */
    private static String install(Instrumentation instrumentation, Hooks hooks, Editor editor) throws Exception {
        Throwable[] failed = {null};
        ClassFileTransformer transformer = new ClassFileTransformer() {
            @Override
            public byte[] transform(
                    Module module, ClassLoader loader, String name, Class<?> old, ProtectionDomain domain, byte[] bytes) {
                if (loader != null || old == null || !hooks.classes().contains(name)) {
                    return null;
                }
                try {
                    return editor.edit(bytes, name, hooks);
                } catch (Throwable error) {
                    failed[0] = error;
                    return null;
                }
            }
        };
        List<Class<?>> classes = new ArrayList<>();
        for (String name : hooks.classes()) {
            classes.add(Class.forName(name.replace('/', '.'), false, null));
        }
        instrumentation.addTransformer(transformer, true);
        Class<?>[] all = classes.toArray(new Class<?>[0]);
        instrumentation.retransformClasses(all);
        String missing = hooks.missing();
        if (failed[0] == null && missing == null) {
            return null;
        }
        instrumentation.removeTransformer(transformer);
        instrumentation.retransformClasses(all);
        String version = "Java " + Runtime.version() + ": its maps can't be recorded: ";
        return version + (failed[0] != null ? failed[0].toString() : "no place was found for " + missing);
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream stream = Setup.class.getResourceAsStream("/" + name)) {
            if (stream == null) {
                throw new IOException("the agent has no " + name);
            }
            return stream.readAllBytes();
        }
    }
}
