package mapscope;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which calls to the recorder go where: at the fields, calls and returns of the JDK's maps by which entries come and go, tables
 * are replaced and nodes are allocated. Whoever edits a class asks at each instruction.
 */
final class Hooks {
    private static final String HASH = "java/util/HashMap";
    private static final String LINKED = "java/util/LinkedHashMap";
    private static final String SHARED = "java/util/concurrent/ConcurrentHashMap";
    private static final String ABSTRACT = "java/util/AbstractMap";
    private static final String MAP = "Ljava/util/AbstractMap;";
    private static final String VIEW = "Ljava/util/Collection;";
    private static final String NODE = "Ljava/util/HashMap$Node;";
    private static final String OF_HASH = "(Ljava/util/HashMap;)V";
    private static final String OF_MAP = "(" + MAP + ")V";
    private static final Op THIS = Op.load(Op.ALOAD, 0);
    private static final Op[] NONE = {};

    /** Instructions around one that is there, or in its place. */
    record Edit(Op[] before, boolean replaces, Op[] after) {
        static final Edit KEEP = new Edit(NONE, false, NONE);

        static Edit before(Op... ops) {
            return new Edit(ops, false, NONE);
        }

        static Edit after(Op... ops) {
            return new Edit(NONE, false, ops);
        }

        static Edit instead(Op... ops) {
            return new Edit(ops, true, NONE);
        }
    }

    /** How often each hook has to be put in, at least; less those that were. */
    private final Map<String, Integer> wanted = new LinkedHashMap<>();
    private final Set<String> classes = new TreeSet<>(Set.of(HASH, LINKED, SHARED));
    private final boolean lookups;

    Hooks(boolean lookups) {
        this.lookups = lookups;
        want(HASH, "made", 4, "inserted", 4, "cleared", 1, "removed", 1, "overwrote", 7, "node", 2, "replaced", 2, "table", 2,
                "resizesBin", 1, "treeified", 1, "values", 3);
        want(LINKED, "overwrote", 1, "node", 2, "replaced", 2, "values", 2);
        want(SHARED, "made", 3, "counted", 7, "cleared", 1, "overwrote", 5, "allocated", 8, "copied", 3, "forwards", 1,
                "table", 3, "growing", 1, "grown", 1, "treeified", 1, "resizesBin", 1, "resizedBin", 1, "presized", 1, "treePut", 3,
                "untreeified", 4);
        if (lookups) {
            want(HASH, "lookedUp", 5, "iterated", 1);
            want(LINKED, "lookedUp", 2, "iterated", 1);
            want(SHARED, "lookedUpShared", 3, "iteratedShared", 1);
            for (String inner : new String[] {"HashIterator", "KeySet", "Values", "EntrySet"}) {
                want(HASH + "$" + inner, "iterated", 1);
            }
            for (String inner : new String[] {"LinkedHashIterator", "LinkedKeySet", "LinkedValues", "LinkedEntrySet"}) {
                want(LINKED + "$" + inner, "iterated", 1);
            }
            for (String inner : new String[] {"BaseIterator", "KeySetView", "ValuesView", "EntrySetView"}) {
                want(SHARED + "$" + inner, "iteratedShared", 1);
            }
        }
    }

    private void want(String type, Object... counts) {
        classes.add(type);
        for (int at = 0; at < counts.length; at += 2) {
            wanted.merge(type + "." + counts[at], (Integer) counts[at + 1], Integer::sum);
        }
    }

    Set<String> classes() {
        return classes;
    }

    /** A hook that was put in less often than it has to be, or null. */
    String missing() {
        for (Map.Entry<String, Integer> hook : wanted.entrySet()) {
            if (hook.getValue() > 0) {
                return hook.getKey();
            }
        }
        return null;
    }

    Method method(String type, String name, String descriptor, boolean isStatic) {
        return new Method(type, name, descriptor, isStatic);
    }

    /** What goes into one method. */
    final class Method {
        private final String type;
        private final String name;
        private final String descriptor;
        private final boolean isStatic;

        private Method(String type, String name, String descriptor, boolean isStatic) {
            this.type = type;
            this.name = name;
            this.descriptor = descriptor;
            this.isStatic = isStatic;
        }

        private boolean is(String... names) {
            for (String one : names) {
                if (one.equals(name)) {
                    return true;
                }
            }
            return false;
        }

        private Op call(String hook, String signature) {
            wanted.merge(type + "." + hook, -1, Integer::sum);
            return Op.record(hook, signature);
        }

        private Op[] made(Op hint, Op loadFactor) {
            return new Op[] {THIS, hint, loadFactor, call("made", "(" + MAP + "IF)V")};
        }

        /** Where it begins. */
        Op[] entry() {
            if (isStatic) {
                return NONE;
            }
            switch (type) {
                case HASH:
                    if (is("reinitialize")) {
                        return made(Op.of(Op.ICONST_0), Op.of(Op.FCONST_0));
                    }
                    if (lookups && is("get", "containsKey", "getOrDefault", "computeIfAbsent", "putIfAbsent")) {
                        return new Op[] {THIS, call("lookedUp", OF_HASH)};
                    }
                    break;
                case LINKED:
                    if (lookups && is("get", "getOrDefault")) {
                        return new Op[] {THIS, call("lookedUp", OF_HASH)};
                    }
                    break;
                case SHARED:
                    if (is("readObject")) {
                        return made(Op.of(Op.ICONST_0), Op.of(Op.FCONST_0));
                    }
                    if (lookups && is("get", "computeIfAbsent", "putIfAbsent")) {
                        return new Op[] {THIS, call("lookedUpShared", OF_MAP)};
                    }
                    break;
                default:
            }
            return lookups && is("forEach") ? iteration() : NONE;
        }

        /** Where all entries are visited at once. */
        private Op[] iteration() {
            boolean ofMap = descriptor.equals("(Ljava/util/function/BiConsumer;)V");
            boolean ofView = descriptor.equals("(Ljava/util/function/Consumer;)V");
            if (ofMap && (type.equals(HASH) || type.equals(LINKED))) {
                return new Op[] {THIS, call("iterated", OF_HASH)};
            } else if (ofMap && type.equals(SHARED)) {
                return new Op[] {THIS, call("iteratedShared", OF_MAP)};
            } else if (ofView && type.startsWith(SHARED)) {
                return new Op[] {THIS, Op.field(type, "map", "L" + SHARED + ";"), call("iteratedShared", OF_MAP)};
            } else if (ofView) {
                String outer = type.startsWith(LINKED) ? LINKED : HASH;
                return new Op[] {THIS, Op.field(type, "this$0", "L" + outer + ";"), call("iterated", OF_HASH)};
            }
            return NONE;
        }

        /** Before it returns, and whether that is a reference. */
        Op[] beforeReturn(boolean isReference) {
            boolean isNew = name.equals("<init>");
            switch (type) {
                case HASH:
                case LINKED:
                    if (isNew && type.equals(HASH) && descriptor.equals("(IF)V")) {
                        return made(Op.load(Op.ILOAD, 1), Op.load(Op.FLOAD, 2));
                    }
                    if (is("removeNode") && isReference) {
                        return new Op[] {Op.of(Op.DUP), THIS, call("removed", "(" + NODE + "Ljava/util/HashMap;)V")};
                    }
                    if (is("newNode", "newTreeNode") && isReference) {
                        return new Op[] {Op.of(Op.DUP), THIS, call("node", "(" + NODE + "Ljava/util/HashMap;)V")};
                    }
                    if (is("replacementNode", "replacementTreeNode") && isReference) {
                        Op old = Op.load(Op.ALOAD, 1);
                        Op record = call("replaced", "(" + NODE + NODE + "Ljava/util/HashMap;)V");
                        return new Op[] {Op.of(Op.DUP), old, THIS, record};
                    }
                    return NONE;
                case SHARED:
                    if (isNew && descriptor.equals("(IFI)V")) {
                        return made(Op.load(Op.ILOAD, 1), Op.load(Op.FLOAD, 2));
                    }
                    return NONE;
                default:
                    if (!isNew || !lookups) {
                        return NONE;
                    }
                    if (type.equals(SHARED + "$BaseIterator")) {
                        return new Op[] {Op.load(Op.ALOAD, 5), call("iteratedShared", OF_MAP)};
                    }
                    if (type.equals(HASH + "$HashIterator") || type.equals(LINKED + "$LinkedHashIterator")) {
                        return new Op[] {Op.load(Op.ALOAD, 1), call("iterated", OF_HASH)};
                    }
                    return NONE;
            }
        }

        /** Around a field that is read or written. */
        Edit field(boolean isWritten, String owner, String field, String fieldType) {
            if (isStatic || !type.equals(HASH) && !type.equals(LINKED) && !type.equals(SHARED)) {
                return Edit.KEEP;
            }
            // The record of a map is where AbstractMap keeps this view.
            if (field.equals("values") && fieldType.equals(VIEW)) {
                return Edit.instead(
                        isWritten ? call("values", "(" + MAP + VIEW + ")V") : call("values", "(" + MAP + ")" + VIEW));
            }
            if (!isWritten) {
                return Edit.KEEP;
            }
            if (type.equals(SHARED)) {
                return sharedField(owner, field);
            }
            if (field.equals("value") && owner.contains("$")) {
                return Edit.after(THIS, call("overwrote", OF_HASH));
            }
            if (field.equals("size") && owner.equals(HASH)) {
                if (is("clear")) {
                    return Edit.before(THIS, call("cleared", OF_HASH));
                }
                return is("removeNode", "reinitialize") ? Edit.KEEP : Edit.after(THIS, call("inserted", OF_HASH));
            }
            if (field.equals("table") && owner.equals(HASH) && !is("reinitialize")) {
                return Edit.before(Op.of(Op.DUP2), call("table", "(Ljava/util/HashMap;[" + NODE + ")V"));
            }
            return Edit.KEEP;
        }

        private Edit sharedField(String owner, String field) {
            String array = "[Ljava/lang/Object;";
            if (field.equals("val") && owner.contains("$")) {
                return Edit.after(THIS, call("overwrote", OF_MAP));
            }
            if (!owner.equals(SHARED)) {
                return Edit.KEEP;
            }
            switch (field) {
                case "table":
                    if (is("transfer")) {
                        Op old = Op.load(Op.ALOAD, 1);
                        return Edit.before(Op.of(Op.DUP2), old, call("grown", "(" + MAP + array + array + ")V"));
                    }
                    return Edit.before(Op.of(Op.DUP2), call("table", "(" + MAP + array + ")V"));
                case "nextTable":
                    return Edit.before(Op.of(Op.DUP2), call("growing", "(" + MAP + array + ")V"));
                case "baseCount":
                    if (is("readObject")) {
                        return Edit.before(Op.of(Op.DUP2), THIS, call("counted", "(J" + MAP + ")V"));
                    }
                    return Edit.KEEP;
                default:
                    return Edit.KEEP;
            }
        }

        /** Around a call. */
        Edit call(String owner, String method, String signature, boolean isSpecial) {
            if (isStatic) {
                return Edit.KEEP;
            }
            boolean isNew = method.equals("<init>") && isSpecial;
            if (isNew && name.equals("<init>") && owner.equals(ABSTRACT)) {
                // Those with numbers may refuse them yet.
                boolean late = descriptor.startsWith("(I");
                return late ? Edit.KEEP : Edit.after(made(Op.of(Op.ICONST_0), Op.of(Op.FCONST_0)));
            }
            switch (type) {
                case HASH:
                    if (is("treeifyBin") && method.equals("resize")) {
                        return Edit.before(THIS, call("resizesBin", OF_HASH));
                    }
                    if (is("treeifyBin") && method.equals("treeify")) {
                        return Edit.after(THIS, call("treeified", OF_MAP));
                    }
                    return Edit.KEEP;
                case SHARED:
                    return sharedCall(owner, method, isNew);
                default:
                    return Edit.KEEP;
            }
        }

        private Edit around() {
            Op[] before = {THIS, call("resizesBin", OF_MAP)};
            return new Edit(before, false, new Op[] {THIS, call("resizedBin", OF_MAP)});
        }

        private Edit sharedCall(String owner, String method, boolean isNew) {
            String object = "(Ljava/lang/Object;" + MAP + ")V";
            Op dup = Op.of(Op.DUP);
            if (isNew && owner.startsWith(SHARED + "$")) {
                switch (owner.substring(SHARED.length() + 1)) {
                    case "ForwardingNode":
                        return Edit.after(dup, THIS, call("forwards", object));
                    case "TreeBin":
                        if (is("treeifyBin")) {
                            return Edit.after(dup, THIS, call("treeified", object));
                        }
                        return Edit.after(dup, THIS, call("copied", object));
                    case "Node":
                    case "TreeNode":
                    case "ReservationNode":
                        return Edit.after(dup, THIS, call(is("transfer") ? "copied" : "allocated", object));
                    default:
                        return Edit.KEEP;
                }
            }
            switch (method) {
                case "addCount":
                    // map, long, int: the int goes below the long, and the long twice around it.
                    Op record = call(is("clear") ? "cleared" : "counted", "(J" + MAP + ")V");
                    return Edit.before(Op.of(Op.DUP_X2), Op.of(Op.POP), Op.of(Op.DUP2_X1), THIS, record);
                case "putTreeVal":
                    return Edit.after(dup, THIS, call("treePut", object));
                case "untreeify":
                    return Edit.after(dup, THIS, call("untreeified", object));
                case "tryPresize":
                    return is("treeifyBin") ? around() : Edit.KEEP;
                case "transfer":
                    return is("tryPresize") ? Edit.before(THIS, call("presized", OF_MAP)) : Edit.KEEP;
                default:
                    return Edit.KEEP;
            }
        }
    }
}
