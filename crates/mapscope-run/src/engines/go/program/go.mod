module mapscope/runtime

go 1.21
