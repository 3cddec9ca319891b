/// The version that `--version` prints.
let rnntrainVersion = "0.2.0-dev"
