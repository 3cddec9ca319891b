/// The version, which `--version` prints with the build of the program.
let rnntrainVersion = "0.2.0-dev"
