package mapscope;

/** An instruction that is put in, by its number in the JVM's specification. */
final class Op {
    static final int ICONST_0 = 3;
    static final int FCONST_0 = 11;
    static final int ILOAD = 21;
    static final int FLOAD = 23;
    static final int ALOAD = 25;
    static final int POP = 87;
    static final int DUP = 89;
    static final int DUP_X2 = 91;
    static final int DUP2 = 92;
    static final int DUP2_X1 = 93;
    static final int GETFIELD = 180;
    static final int INVOKESTATIC = 184;

    private static final String RECORDER = "java/util/MapscopeRecorder";

    final int code;
    final int local;
    final String owner;
    final String name;
    final String type;

    private Op(int code, int local, String owner, String name, String type) {
        this.code = code;
        this.local = local;
        this.owner = owner;
        this.name = name;
        this.type = type;
    }

    static Op load(int code, int local) {
        return new Op(code, local, null, null, null);
    }

    static Op of(int code) {
        return new Op(code, 0, null, null, null);
    }

    static Op field(String owner, String name, String type) {
        return new Op(GETFIELD, 0, owner, name, type);
    }

    static Op record(String name, String type) {
        return new Op(INVOKESTATIC, 0, RECORDER, name, type);
    }
}
