module switched

go 1.24
