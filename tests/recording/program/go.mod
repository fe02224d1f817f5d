module recorded

go 1.21
