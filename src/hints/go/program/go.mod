module hints

go 1.21
