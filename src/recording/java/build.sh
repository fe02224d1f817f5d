#!/bin/sh
# Makes agent.jar from the sources beside it: build.sh JDK17 JDK25 JAR. Two JDKs, because none has both means of changing classes.
set -eu
old=$1 new=$2 jar=$(realpath "$3")
cd "$(dirname "$0")"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
asm=java.base/jdk.internal.org.objectweb.asm=ALL-UNNAMED
# The recorder belongs to java.base, and the agent's first class is for every Java there is.
"$old/bin/javac" -Xlint:-options -g:source,lines -d "$made/recorder" --patch-module java.base=recorder recorder/java/util/*.java
"$old/bin/javac" -Xlint:-options -g:source,lines -d "$made" --release 8 agent/mapscope/Agent.java
"$old/bin/javac" -g:source,lines -d "$made" --add-exports $asm -cp "$made" \
    agent/mapscope/Setup.java agent/mapscope/Hooks.java agent/mapscope/Op.java agent/mapscope/Editor.java agent/mapscope/AsmEditor.java
"$new/bin/javac" -g:source,lines -d "$made" --release 24 -cp "$made" agent24/mapscope/ClassFileEditor.java
mkdir "$made/META-INF"
cat > "$made/META-INF/MANIFEST.MF" <<MANIFEST
Manifest-Version: 1.0
Premain-Class: mapscope.Agent
Agent-Class: mapscope.Agent
Can-Retransform-Classes: true

MANIFEST
cd "$made"
# Nothing of this day or machine goes into it, and the manifest comes first.
rm -f "$jar"
"$new/bin/jar" --create --no-manifest --no-compress --date 2020-01-01T00:00:00Z --file "$jar" \
    META-INF/MANIFEST.MF $(find mapscope recorder -name '*.class' | LC_ALL=C sort)
