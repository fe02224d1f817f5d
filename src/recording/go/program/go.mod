module mapscope.invalid/recorder

go 1.21
