package mapscope;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;

/** Edits classes with java.lang.classfile, which JDK 24 and newer have. */
final class ClassFileEditor implements Editor {
    @Override
    public byte[] edit(byte[] classFile, String type, Hooks hooks) {
        ClassFile means = ClassFile.of();
        return means.transformClass(means.parse(classFile), (ClassTransform) (builder, element) -> {
            if (element instanceof MethodModel method && method.code().isPresent()) {
                String name = method.methodName().stringValue();
                String descriptor = method.methodType().stringValue();
                boolean isStatic = method.flags().has(AccessFlag.STATIC);
                Hooks.Method into = hooks.method(type, name, descriptor, isStatic);
                builder.transformMethod(method, MethodTransform.transformingCode(new Into(into)));
            } else {
                builder.with(element);
            }
        });
    }

    private record Into(Hooks.Method hooks) implements CodeTransform {
        @Override
        public void atStart(CodeBuilder code) {
            put(code, hooks.entry());
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            Hooks.Edit edit = edit(element);
            put(code, edit.before());
            if (!edit.replaces()) {
                code.with(element);
            }
            put(code, edit.after());
        }

        private Hooks.Edit edit(CodeElement element) {
            if (element instanceof FieldInstruction field) {
                boolean isRead = field.opcode() == Opcode.GETFIELD;
                if (isRead || field.opcode() == Opcode.PUTFIELD) {
                    String owner = field.owner().asInternalName();
                    return hooks.field(!isRead, owner, field.name().stringValue(), field.type().stringValue());
                }
            } else if (element instanceof InvokeInstruction call) {
                boolean isSpecial = call.opcode() == Opcode.INVOKESPECIAL;
                String owner = call.owner().asInternalName();
                return hooks.call(owner, call.name().stringValue(), call.type().stringValue(), isSpecial);
            } else if (element instanceof ReturnInstruction end) {
                boolean isReference = end.opcode() == Opcode.ARETURN;
                if (isReference || end.opcode() == Opcode.RETURN) {
                    return Hooks.Edit.before(hooks.beforeReturn(isReference));
                }
            }
            return Hooks.Edit.KEEP;
        }

        private static void put(CodeBuilder code, Op[] ops) {
            for (Op op : ops) {
                switch (op.code) {
                    case Op.ALOAD -> code.aload(op.local);
                    case Op.ILOAD -> code.iload(op.local);
                    case Op.FLOAD -> code.fload(op.local);
                    case Op.ICONST_0 -> code.iconst_0();
                    case Op.FCONST_0 -> code.fconst_0();
                    case Op.POP -> code.pop();
                    case Op.DUP -> code.dup();
                    case Op.DUP_X2 -> code.dup_x2();
                    case Op.DUP2 -> code.dup2();
                    case Op.DUP2_X1 -> code.dup2_x1();
                    case Op.GETFIELD -> code.getfield(type(op.owner), op.name, ClassDesc.ofDescriptor(op.type));
                    case Op.INVOKESTATIC ->
                            code.invokestatic(type(op.owner), op.name, MethodTypeDesc.ofDescriptor(op.type));
                    default -> throw new AssertionError(op.code);
                }
            }
        }

        private static ClassDesc type(String name) {
            return ClassDesc.ofInternalName(name);
        }
    }
}
