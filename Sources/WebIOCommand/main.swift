print("webio")
