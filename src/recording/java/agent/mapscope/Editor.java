package mapscope;

/** A means of changing class files. There are two, because no JDK has both. */
interface Editor {
    /** The class with the hooks in it. */
    byte[] edit(byte[] classFile, String name, Hooks hooks);
}
