package mapscope;

import java.lang.instrument.Instrumentation;
import java.lang.reflect.InvocationTargetException;

/** What a JVM starts. Compiled for Java 8, so that older ones than can be recorded are refused in words. */
public final class Agent {
    private static final int OLDEST = 17;

    private Agent() {}

    /** Before the program begins. */
    public static void premain(String arguments, Instrumentation instrumentation) {
        begin(arguments, instrumentation);
    }

    /** Attached to a program that runs. */
    public static void agentmain(String arguments, Instrumentation instrumentation) {
        begin(arguments, instrumentation);
    }

    /** Nothing that goes wrong here may end the program. */
    private static void begin(String arguments, Instrumentation instrumentation) {
        try {
            String setting = arguments == null || arguments.isEmpty() ? System.getenv("MAPSCOPE_RECORD") : arguments;
            if (setting == null) {
                return;
            }
            String version = System.getProperty("java.specification.version", "");
            if (version.startsWith("1.") || Integer.parseInt(version) < OLDEST) {
                say("maps of Java " + version + " can't be recorded: run it with Java " + OLDEST + " or newer");
                return;
            }
            Class<?> setup = Class.forName("mapscope.Setup");
            Object why = setup.getMethod("begin", String.class, Instrumentation.class).invoke(null, setting, instrumentation);
            if (why != null) {
                say("nothing is recorded: " + why);
            }
        } catch (InvocationTargetException error) {
            say("nothing is recorded: " + error.getCause());
        } catch (Throwable error) {
            say("nothing is recorded: " + error);
        }
    }

    private static void say(String what) {
        System.err.println("mapscope: " + what);
    }
}
