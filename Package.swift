// swift-tools-version: 6.2
// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Set by `scripts/fuzz`: libFuzzer then sees which code of ours an input reaches. It does not
/// watch the packages that we use, which would slow it down.
let isFuzzing = Context.environment["TRANSHIP_FUZZ"] != nil

/// The same rules for every target: Swift 6, explicit `any`, imports that do
/// not leak, and members only from modules that a file imports itself.
let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])] : [])

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func part(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies,
        swiftSettings: strict)
}

/// What the fuzzer calls: tests that replay its corpora, and for `scripts/fuzz` a program whose
/// `main` is libFuzzer's.
let fuzzTests = Target.testTarget(
    name: "FuzzTests",
    dependencies: [
        "Basics", "HTTPTransport", "ImageFormats", "MigrationJournal", "MigrationModel",
        "OpenStackImage", "PipelineFiles", "SourceReaders", "TaskWaiters", "TestSupport",
        "TranshipKit", grdb,
    ],
    exclude: ["Corpora", "LibFuzzer.swift"], swiftSettings: strict)
let fuzzing: Target =
    isFuzzing
    ? .executableTarget(
        name: "fuzz", dependencies: fuzzTests.dependencies, path: "Tests/FuzzTests",
        exclude: ["Corpora", "CorpusTests.swift"], swiftSettings: strict,
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
    : fuzzTests

// `ls Sources/` is the pipeline; these edges are its layers. A target may use
// only the ones to the right of it.
let package = Package(
    name: "Tranship",
    products: [
        .executable(name: "tranship", targets: ["tranship"]),
        // With the modules whose types its declarations name.
        .library(
            name: "OpenStackImage",
            targets: ["OpenStackImage", "HTTPTransport", "ByteStreams", "Basics"]),
        .library(
            name: "TranshipKit",
            targets: ["TranshipKit", "OpenStackImage", "MigrationModel", "Basics"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Calls for the whole process that Swift's Glibc module leaves out.
        .systemLibrary(name: "CProcess"),
        .systemLibrary(
            name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),

        // The vocabulary and the bytes.
        part("Basics"),
        part("Digests", ["COpenSSL", "Basics"]),
        part("ImageFormats", ["Basics"]),
        part("ByteStreams", ["Basics"]),
        part("ExternalPrograms", ["Basics", subprocess]),
        part("HTTPTransport", ["CCurl", "ByteStreams", "Basics"]),

        // What YAML says before Yams composes it.
        part("YAMLText", [yams]),
        tests("YAMLText"),

        // The Image service.
        part(
            "OpenStackImage",
            [
                "HTTPTransport", "ByteStreams", "Digests", "ExternalPrograms", "YAMLText", "Basics",
                yams,
            ]),
        tests(
            "OpenStackImage",
            ["HTTPTransport", "ByteStreams", "Digests", "Basics", "LabSupport", "TestSupport"]),

        // The pipeline: its words, its memory, its engine, its stages.
        part("MigrationModel", ["Basics", "Digests"]),
        part(
            "Decompression", ["CArchive", "CZlib", "ByteStreams", "Basics", "MigrationModel"]),
        part("MigrationJournal", ["CZlib", "Basics", "MigrationModel", grdb]),
        part(
            "MigrationPipeline",
            [
                "MigrationJournal", "ByteStreams", "Digests", "ExternalPrograms", "ImageFormats",
                "Basics", "MigrationModel",
            ]),
        part(
            "ImageArchives",
            ["MigrationPipeline", "OpenStackImage", "Digests", "ByteStreams", "Basics"]),
        part(
            "SourceReaders",
            [
                "ImageArchives", "MigrationPipeline", "OpenStackImage", "HTTPTransport",
                "ByteStreams", "Digests",
                "Decompression", "ExternalPrograms", "ImageFormats", "PipelineFiles", "Basics",
                "MigrationModel",
            ]
        ),
        part(
            "ChecksumVerifiers",
            ["MigrationPipeline", "Digests", "ByteStreams", "Basics", "MigrationModel"]),
        part(
            "ImageUploaders",
            [
                "ImageArchives", "MigrationPipeline", "OpenStackImage", "Digests", "ByteStreams",
                "Basics",
                "MigrationModel",
            ]),
        part("TaskWaiters", ["MigrationPipeline", "OpenStackImage", "Basics", "MigrationModel"]),
        part(
            "Publishing",
            ["ImageArchives", "MigrationPipeline", "OpenStackImage", "Basics", "MigrationModel"]),
        part("PipelineFiles", ["YAMLText", "Basics", "MigrationModel", yams]),
        part(
            "Planning",
            [
                "MigrationJournal", "MigrationPipeline", "PipelineFiles", "Basics",
                "MigrationModel",
            ]),

        // The facade and the command line.
        part(
            "TranshipKit",
            [
                "Basics", "MigrationModel", "ByteStreams", "Digests", "ExternalPrograms",
                "HTTPTransport", "OpenStackImage",
                "MigrationJournal", "MigrationPipeline", "Decompression", "ImageFormats",
                "ImageArchives", "SourceReaders", "ChecksumVerifiers",
                "ImageUploaders", "TaskWaiters", "Publishing", "PipelineFiles", "Planning",
            ]),
        .executableTarget(
            name: "tranship",
            dependencies: [
                "TranshipKit", "OpenStackImage", "Basics", "MigrationModel", "CProcess", arguments,
            ],
            swiftSettings: strict),

        .systemLibrary(name: "CSpawn", path: "Tests/CSpawn"),
        // What several test targets share: a server for faults.
        .target(
            name: "TestSupport",
            dependencies: [
                "CSpawn", "ByteStreams", "Digests", "MigrationJournal", "MigrationPipeline",
                "Basics", "MigrationModel",
            ],
            path: "Tests/TestSupport", swiftSettings: strict),
        tests("Basics", ["TestSupport"]),
        tests("Digests", ["Basics"]),
        tests("ImageFormats", ["Basics", "TestSupport"]),
        tests("Decompression", ["ByteStreams", "Basics", "MigrationModel", "TestSupport"]),
        tests("ByteStreams", ["Digests", "Basics", "TestSupport"]),
        tests(
            "HTTPTransport",
            ["ByteStreams", "Digests", "Basics", "MigrationModel", "TestSupport"]),
        tests("PipelineFiles", ["Basics", "MigrationModel"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "tranship", "CProcess", "GlanceModel", "GlanceServer", "LabSupport",
                "OpenStackImage", "HTTPTransport", "ByteStreams", "Digests", "Basics",
                "MigrationModel", "TestSupport",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        // Named faults, one by one, against real clouds.
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "tranship", "TranshipKit", "LabSupport", "OpenStackImage", "HTTPTransport",
                "ByteStreams", "MigrationJournal",
                "MigrationPipeline", "PipelineFiles", "Digests", "Basics", "MigrationModel",
                "TestSupport",
            ],
            swiftSettings: strict),
        tests("MigrationModel", ["Basics", "TestSupport"]),
        // The order of the sources themselves, and the pages made from them.
        .testTarget(
            name: "TidyTests", dependencies: ["Basics", "MigrationModel"], swiftSettings: strict),
        tests(
            "Planning",
            [
                "MigrationJournal", "MigrationPipeline", "Basics", "MigrationModel",
                "PipelineFiles", "TestSupport",
            ]),
        tests(
            "MigrationJournal", ["ByteStreams", "Basics", "MigrationModel", "TestSupport", grdb]),
        tests(
            "ImageArchives",
            [
                "ByteStreams", "Digests", "MigrationPipeline", "OpenStackImage", "Basics",
                "TestSupport",
            ]),
        tests(
            "ImageUploaders",
            [
                "ByteStreams", "Digests", "GlanceServer", "ImageArchives", "Publishing", "Basics",
                "MigrationModel", "MigrationPipeline", "OpenStackImage", "TestSupport",
            ]),
        tests(
            "TaskWaiters",
            [
                "GlanceServer", "ImageUploaders", "Basics", "MigrationModel", "MigrationPipeline",
                "OpenStackImage",
                "TestSupport",
            ]),
        tests(
            "Publishing",
            [
                "GlanceModel", "GlanceServer", "OpenStackImage", "Basics", "MigrationModel",
                "TestSupport",
            ]),
        tests(
            "SourceReaders",
            [
                "ByteStreams", "Digests", "GlanceModel", "GlanceServer", "HTTPTransport",
                "ImageArchives", "Basics",
                "MigrationModel",
                "MigrationPipeline", "PipelineFiles", "OpenStackImage", "TestSupport",
            ]),
        tests(
            "ChecksumVerifiers", ["Basics", "MigrationModel", "MigrationPipeline", "TestSupport"]),
        tests(
            "TranshipKit",
            [
                "Digests", "GlanceModel", "GlanceServer", "HTTPTransport", "MigrationJournal",
                "MigrationPipeline", "OpenStackImage", "PipelineFiles", "SourceReaders", "Basics",
                "MigrationModel",
                "TestSupport",
            ]),
        tests(
            "MigrationPipeline",
            [
                "ByteStreams", "ChecksumVerifiers", "MigrationJournal", "Basics",
                "MigrationModel",
                "TestSupport", grdb,
            ]),

        // The Image service as a pure state machine, for tests and the simulation.
        .target(
            name: "GlanceModel", dependencies: ["Basics", "Digests", "HTTPTransport"],
            path: "Tests/GlanceModel", swiftSettings: strict),
        // The model behind a socket, for states that a real service cannot be
        // brought into.
        .target(
            name: "GlanceServer",
            dependencies: [
                "Basics", "GlanceModel", "HTTPTransport", "OpenStackImage", "TestSupport",
            ],
            path: "Tests/GlanceServer", swiftSettings: strict),
        // The lab's clouds, for every test that needs them.
        .target(
            name: "LabSupport",
            dependencies: [
                "Basics", "ByteStreams", "HTTPTransport", "OpenStackImage", "TestSupport",
            ],
            path: "Tests/LabSupport", swiftSettings: strict),
        // One script of requests against the model and against a real Glance.
        tests("GlanceModel", ["Basics", "HTTPTransport", "LabSupport", "OpenStackImage"]),
        // Whole runs of the real pipeline over a world in memory.
        .target(
            name: "Simulation",
            dependencies: [
                "Basics", "GlanceModel", "MigrationModel", "ByteStreams", "Digests",
                "HTTPTransport",
                "OpenStackImage",
                "MigrationJournal", "MigrationPipeline", "SourceReaders", "ImageUploaders",
                "PipelineFiles", "TranshipKit",
            ],
            path: "Tests/Simulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["Basics", "Simulation"],
            path: "Tests/simulate", swiftSettings: strict),
        tests("Simulation", ["simulate", "Basics", "TestSupport"]),
        fuzzing,
        // Each state of ours with each state of the image at the target.
        .testTarget(
            name: "ReconciliationTests",
            dependencies: [
                "ChecksumVerifiers", "Digests", "GlanceServer", "ImageArchives", "ImageUploaders",
                "MigrationJournal",
                "Basics", "MigrationModel", "MigrationPipeline", "OpenStackImage", "PipelineFiles",
                "Planning", "Publishing", "SourceReaders", "TaskWaiters", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "tranship", "TranshipKit", "ByteStreams", "Digests", "GlanceModel", "GlanceServer",
                "MigrationJournal", "Basics", "MigrationModel", "LabSupport",
                "TestSupport", arguments,
            ],
            exclude: ["Transcripts"], swiftSettings: strict),
    ]
)
