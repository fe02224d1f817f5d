module inside

go 1.24
