print("rnntrain")
