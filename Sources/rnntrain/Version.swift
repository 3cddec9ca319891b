/// The version that `--version` prints.
let rnntrainVersion = "0.1.0"
