// swift-tools-version: 6.2

import PackageDescription

// Targets depend only on targets of lower floors. `launch/test` builds with the import check that enforces this. Only one Swift
// target imports a C target, so that C types stay inside it.

let strictSwift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]
let strictC: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]
let strictCXX: [CXXSetting] = [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]

/// A library target of this package, with its floor. It may depend only on lower floors.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strictSwift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strictSwift)
}

/// The MPI that the program is built for: `RNNTRAIN_MPI=openmpi` (the default) or `mpich`, whose binary interface Intel MPI also
/// has.
let mpi = Context.environment["RNNTRAIN_MPI"] ?? "openmpi"
let mpiLibraries: [String: Target] = [
    "openmpi": .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
    "mpich": .systemLibrary(name: "CMPICH", pkgConfig: "mpich", providers: [.apt(["libmpich-dev", "mpich"])]),
]
guard let mpiLibrary = mpiLibraries[mpi] else {
    // A manifest cannot throw, so an invalid value is a fatal error.
    fatalError("RNNTRAIN_MPI is '\(mpi)'; it must be openmpi or mpich")
}

/// Links Swift's libraries into the release program, so that it runs on machines without Swift. `swift build
/// --static-swift-stdlib` does this for all programs of a build, and recompiles everything. The static Foundation needs the last
/// four libraries; lld, which is part of Swift, finds them in any order. `RNNTRAIN_STATIC=0` disables this under a sanitizer,
/// because such a program would hide the sanitizer's `malloc` from the libraries that it loads. SwiftPM has no setting for this,
/// only unsafe flags. Only the program's target has them, because other packages cannot depend on a target with unsafe flags.
let withoutSwiftLibraries: [LinkerSetting] =
    Context.environment["RNNTRAIN_STATIC"] == "0"
    ? []
    : [
        .unsafeFlags(
            [
                "-static-stdlib", "-use-ld=lld", "-lCoreFoundation", "-l_FoundationCollections", "-l_FoundationCShims",
                "-l_FoundationICU",
            ],
            .when(platforms: [.linux], configuration: .release))
    ]

let package = Package(
    name: "rnntrain",
    products: [
        .executable(name: "rnntrain", targets: ["rnntrain"]),
        .library(name: "RNNTrain", targets: ["RNNTrain"]),
        // Preloaded by tests of whole programs.
        .library(name: "file-faults", type: .dynamic, targets: ["CFileFaults"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    ],
    targets: [
        // Floor 1: C and system libraries.
        mpiLibrary,
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .target(name: "CMPI", dependencies: [.byName(name: mpiLibrary.name)], cSettings: strictC),
        .target(name: "CKernels", cSettings: strictC),
        .target(name: "CXXHash", cSettings: strictC),
        .target(name: "CSentencePiece", cxxSettings: strictCXX),
        .target(name: "CPCRE2", cSettings: strictC),
        .target(name: "CAllocationCounter", cSettings: strictC),
        .target(name: "CFileFaults", cSettings: strictC),
        .target(name: "CMappingGuard", cSettings: strictC),
        .target(name: "CChildProcess", cSettings: strictC),
        .target(name: "CProgramBuild", cSettings: strictC),
        library("Failures", []),

        // Floor 2: one subject each, independent of each other.
        library("Digests", ["CXXHash", "CProgramBuild"]),
        library("Files", ["CMappingGuard", "Failures"]),
        library("Tensors", ["CKernels"]),
        library("Communication", ["CMPI", "Failures"]),
        library("Kinds", ["Failures"]),

        // Floor 3: independent of each other.
        library("TextData", ["CSentencePiece", "CPCRE2", "Digests", "Files", "Failures", "Kinds"]),
        library("Layers", ["Tensors", "Kinds"]),
        library("Exchange", ["Tensors", "Communication", "Failures"]),

        // Floor 4: independent of each other.
        library("Models", ["Layers", "Tensors", "Kinds"]),
        library("Optimizers", ["Tensors", "Kinds"]),
        library("Checkpoints", ["Digests", "Files", "Failures"]),
        library("NGrams", ["TextData", "Tensors", "Files", "Failures"]),

        // Floors 5 to 8: without MPI.
        library("Tasks", ["Models", "Layers", "Tensors", "TextData", "Kinds", "Failures"]),
        library(
            "Configuration", ["Tasks", "Models", "Optimizers", "Layers", "Tensors", "TextData", "Files", "Kinds", "Failures"]),
        library(
            "Runs",
            [
                "Configuration", "Tasks", "Checkpoints", "Models", "Optimizers", "Layers", "Tensors", "TextData", "Digests",
                "Files",
                "Kinds",
                "Failures",
            ]),
        library("Inference", ["Runs", "NGrams", "Tasks", "Models", "Layers", "Tensors", "TextData", "Failures"]),

        // What a run's log says, for TensorBoard and as a page.
        library("Reports", ["Runs", "Configuration", "Tasks", "Checkpoints", "Kinds", "Files", "Failures"]),

        // What a model does inside.
        library("Inspection", ["Runs", "Models", "Layers", "Tensors", "Failures"]),

        library("Assessment", ["Inference", "NGrams", "Runs", "Configuration", "Tasks", "TextData", "Tensors", "Failures"]),

        // The library product, for other packages. It and what it uses have no unsafe flags and no MPI.
        library("RNNTrain", ["Inference", "Runs", "TextData"]),

        // Floor 9.
        library(
            "Training",
            [
                "Runs", "Inference", "Reports", "Configuration", "Tasks", "Models", "Optimizers", "Checkpoints", "Exchange",
                "Layers", "Tensors", "TextData", "Communication", "Digests", "Files", "Failures", "Kinds",
            ]),

        // Floor 10: programs.
        library(
            "Benchmarks",
            [
                "Training", "Inference", "Runs", "Configuration", "Models", "Layers", "Exchange", "Tensors", "TextData",
                "Communication",
            ]),
        .executableTarget(
            name: "rnntrain",
            dependencies: [
                "Training", "Benchmarks", "Assessment", "Inference", "Inspection", "Reports", "Runs", "Configuration", "Tasks",
                "Exchange", "Models", "Layers",
                "Optimizers",
                "Tensors", "Checkpoints", "NGrams", "TextData",
                "Communication", "Digests", "Files", "Failures", "Kinds",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strictSwift, linkerSettings: withoutSwiftLibraries),
        .executableTarget(
            name: "rank-checks",
            dependencies: [
                "Training", "Configuration", "Exchange", "Layers", "Optimizers", "Tensors", "Communication", "TextData",
                "Failures",
                "Kinds",
                "CAllocationCounter",
            ],
            path: "Sources/RankChecks",
            swiftSettings: strictSwift),

        .executableTarget(
            name: "reader-fuzz",
            dependencies: ["Runs", "Configuration", "Checkpoints", "TextData", "Files", "Digests"],
            path: "Sources/ReaderFuzz",
            swiftSettings: strictSwift),

        // The program of docs/library.md.
        .executableTarget(
            name: "library-example", dependencies: ["RNNTrain"], path: "Sources/LibraryExample", swiftSettings: strictSwift),

        .executableTarget(name: "soak", dependencies: ["TestSupport"], path: "Sources/Soak", swiftSettings: strictSwift),

        library("TestSupport", ["Files", "CChildProcess"]),
        tests("DigestsTests", ["Digests"]),
        tests("TensorsTests", ["Tensors", "COpenBLAS", "TestSupport"]),
        tests("FilesTests", ["Files", "Failures", "TestSupport"]),
        tests(
            "TextDataTests", ["TextData", "Digests", "Files", "Failures", "Kinds", "TestSupport"], resources: [.copy("Fixtures")]),
        tests("LayersTests", ["Layers", "Kinds", "Tensors", "TestSupport"]),
        tests("ModelsTests", ["Models", "Layers", "Kinds", "Tensors", "TestSupport"], resources: [.copy("Fixtures")]),
        tests("OptimizersTests", ["Optimizers", "Kinds", "Tensors", "TestSupport"], resources: [.copy("Fixtures")]),
        tests("CheckpointsTests", ["Checkpoints", "Files", "Failures", "TestSupport"]),
        tests(
            "NGramsTests", ["NGrams", "TextData", "Files", "Failures", "TestSupport"], resources: [.copy("Fixtures")]),
        tests("ConfigurationTests", ["Configuration", "Kinds", "Optimizers", "TextData", "Failures", "TestSupport"]),
        tests("RunsTests", ["Runs", "Configuration", "Checkpoints", "TextData", "Failures", "TestSupport"]),
        tests(
            "InferenceTests",
            ["Inference", "RNNTrain", "Runs", "Tasks", "Configuration", "TextData", "Failures", "TestSupport"]),
        tests("AssessmentTests", ["Assessment", "Failures", "TestSupport"]),
        tests(
            "TrainingTests",
            ["Training", "Files", "Inference", "Runs", "Configuration", "Kinds", "TextData", "Failures", "TestSupport"]),
        tests("ReportsTests", ["Reports", "Configuration", "Tasks", "TestSupport"]),
        tests(
            "InspectionTests", ["Inspection", "Runs", "Models", "Layers", "Kinds", "Tensors", "Failures", "TestSupport"],
            resources: [.copy("Fixtures")]),
        tests("BenchmarksTests", ["Benchmarks"]),
        tests(
            "CommandLineTests",
            [
                "Training", "Inference", "Configuration", "Kinds", "Checkpoints", "Exchange", "Models", "Layers", "TextData",
                "TestSupport",
            ],
            resources: [.copy("Snapshots"), .copy("Fixtures")]),
        tests(
            "RankTests", ["Checkpoints", "Optimizers", "Layers", "TextData", "Kinds", "TestSupport"],
            resources: [.copy("Fixtures")]),
        tests("DocumentationTests", ["Configuration", "Kinds", "TestSupport"]),
    ],
    cLanguageStandard: .c11,
    cxxLanguageStandard: .cxx17
)
