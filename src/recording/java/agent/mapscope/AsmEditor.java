package mapscope;

import jdk.internal.org.objectweb.asm.ClassReader;
import jdk.internal.org.objectweb.asm.ClassVisitor;
import jdk.internal.org.objectweb.asm.ClassWriter;
import jdk.internal.org.objectweb.asm.MethodVisitor;
import jdk.internal.org.objectweb.asm.Opcodes;

/** Edits classes with the ASM that is inside JDK 17 to 23. */
final class AsmEditor implements Editor {
    @Override
    public byte[] edit(byte[] classFile, String type, Hooks hooks) {
        ClassReader reader = new ClassReader(classFile);
        // No branch is put in, so that what is known of the stack at branches stays true.
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        reader.accept(new ClassVisitor(Opcodes.ASM8, writer) {
            @Override
            public MethodVisitor visitMethod(int access, String name, String descriptor, String signature, String[] thrown) {
                boolean isStatic = (access & Opcodes.ACC_STATIC) != 0;
                MethodVisitor next = super.visitMethod(access, name, descriptor, signature, thrown);
                return new Into(next, hooks.method(type, name, descriptor, isStatic));
            }
        }, 0);
        return writer.toByteArray();
    }

    private static final class Into extends MethodVisitor {
        private final Hooks.Method hooks;

        private Into(MethodVisitor next, Hooks.Method hooks) {
            super(Opcodes.ASM8, next);
            this.hooks = hooks;
        }

        @Override
        public void visitCode() {
            super.visitCode();
            put(hooks.entry());
        }

        @Override
        public void visitInsn(int opcode) {
            if (opcode == Opcodes.ARETURN || opcode == Opcodes.RETURN) {
                put(hooks.beforeReturn(opcode == Opcodes.ARETURN));
            }
            super.visitInsn(opcode);
        }

        @Override
        public void visitFieldInsn(int opcode, String owner, String name, String type) {
            if (opcode != Opcodes.GETFIELD && opcode != Opcodes.PUTFIELD) {
                super.visitFieldInsn(opcode, owner, name, type);
                return;
            }
            Hooks.Edit edit = hooks.field(opcode == Opcodes.PUTFIELD, owner, name, type);
            put(edit.before());
            if (!edit.replaces()) {
                super.visitFieldInsn(opcode, owner, name, type);
            }
            put(edit.after());
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String name, String type, boolean isInterface) {
            Hooks.Edit edit = hooks.call(owner, name, type, opcode == Opcodes.INVOKESPECIAL);
            put(edit.before());
            super.visitMethodInsn(opcode, owner, name, type, isInterface);
            put(edit.after());
        }

        private void put(Op[] ops) {
            for (Op op : ops) {
                switch (op.code) {
                    case Op.ALOAD, Op.ILOAD, Op.FLOAD -> super.visitVarInsn(op.code, op.local);
                    case Op.GETFIELD -> super.visitFieldInsn(op.code, op.owner, op.name, op.type);
                    case Op.INVOKESTATIC -> super.visitMethodInsn(op.code, op.owner, op.name, op.type, false);
                    default -> super.visitInsn(op.code);
                }
            }
        }
    }
}
