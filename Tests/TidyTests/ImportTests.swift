// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The compiler refuses an undeclared import of a sibling, but accepts one that another target
/// brings in. These tests keep `Package.swift` complete, so that `ls Sources/` shows the pipeline.
@Suite struct ImportTests {
    /// The modules of the toolchain.
    private static let system: Set<String> = [
        "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Glibc", "Swift",
        "Testing",
    ]
    /// The stages, which never import each other.
    private static let stages: Set<String> = [
        "SourceReaders", "ChecksumVerifiers", "ImageUploaders", "TaskWaiters", "Publishing",
    ]

    private let edges: PackageEdges
    private let imports: [String: Set<String>]

    init() throws {
        edges = PackageEdges(manifest: try SourceTree.text("Package.swift"))
        var imports: [String: Set<String>] = [:]
        for file in try SourceTree.sources.get() + SourceTree.tests.get() {
            for line in file.lines(with: "import ") {
                let words = line.text.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
                    words[..<index].allSatisfy({
                        ["public", "internal", "package", "@testable"].contains($0)
                    })
                else { continue }
                // Yams has no product for the libyaml that it contains.
                let module = words[index + 1] == "CYaml" ? "Yams" : String(words[index + 1])
                imports[file.target, default: []].insert(module)
            }
        }
        self.imports = imports
    }

    @Test func `Every import is declared in Package swift`() throws {
        #expect(imports.count > 15)
        for (target, modules) in imports {
            let declared = try #require(edges.dependencies[target], "\(target) is not a target")
            let missing = modules.subtracting(declared).subtracting(Self.system)
            #expect(missing.isEmpty, "\(target) imports \(missing.sorted()) undeclared")
        }
    }

    @Test func `Every declared edge is used`() {
        for (target, declared) in edges.dependencies where target != "TidyTests" {
            guard let used = imports[target] else { continue }
            // A test target may run a program that it does not import.
            let idle = declared.subtracting(used).subtracting(
                target.hasSuffix("Tests")
                    ? [String(target.dropLast(5)), "tranship", "simulate"] : [])
            #expect(idle.isEmpty, "\(target) declares \(idle.sorted()) and never imports it")
        }
    }

    @Test func `No stage knows another stage`() {
        for stage in Self.stages {
            let others = edges.dependencies[stage]?.intersection(Self.stages)
            #expect(others == [], "\(stage)")
        }
    }

    /// A program that uses only the SDK sees no vocabulary of the pipeline.
    @Test func `The SDK depends on no part of the pipeline`() throws {
        let sdk: Set = [
            "Basics", "HTTPTransport", "ByteStreams", "Digests", "YAMLText", "Yams",
            // Runs `token_command`.
            "ExternalPrograms",
        ]
        #expect(try #require(edges.dependencies["OpenStackImage"]).isSubset(of: sdk))
    }

    /// The kit is the facade: a program that uses it needs only plain values of the modules below
    /// it.
    @Test func `The command line knows the kit, the SDK and plain values only`() {
        #expect(
            edges.dependencies["tranship"] == [
                "TranshipKit", "OpenStackImage", "Basics", "MigrationModel", "CProcess",
                "ArgumentParser",
            ])
    }

    @Test func `The lower layers import no higher one`() {
        #expect(edges.dependencies["Basics"] == [])
        #expect(edges.dependencies["MigrationModel"] == ["Basics", "Digests"])
        #expect(
            edges.dependencies["MigrationJournal"] == ["CZlib", "Basics", "MigrationModel", "GRDB"])
        #expect(edges.dependencies["MigrationPipeline"]?.contains("OpenStackImage") == false)
    }
}
