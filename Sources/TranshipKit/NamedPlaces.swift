// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel
internal import PipelineFiles

/// The entries of clouds.yaml, files, folders and programs on this machine that a pipeline names.
struct NamedPlaces {
    let pipeline: Pipeline
    let environment: [String: String]

    /// Throws if an entry of clouds.yaml is missing. The error lists all missing entries, files and
    /// programs, so an operator can mend a new pipeline in one pass.
    func expectClouds(_ connections: any Connections) throws(TranshipError) {
        let named =
            pipeline.sources.compactMap { $0.cloudEntry?.cloud }
            + pipeline.targets.compactMap { $0.cloudEntry?.cloud }
        let clouds = Self.unknown(named, connections)
        guard let first = clouds.first else { return }
        throw error(of: clouds + missingFiles + missingPrograms, code: first.1.code)
    }

    /// Returns one error for all mistakes of the pipeline, in the order of the file.
    ///
    /// - Parameter mistakes: at least one.
    func error(
        of mistakes: [(FilePosition, TranshipError)], code: TranshipError.Code
    ) -> TranshipError {
        let all = mistakes.sorted { $0.0 < $1.0 }
        if all.count == 1, let only = all.first { return only.1.at(place: "\(only.0)") }
        let isCopy = Run.isCopy(file: pipeline.absoluteFile, name: pipeline.name)
        var lines = ["\(isCopy ? "the command" : pipeline.file) has \(all.count) mistakes"]
        for (index, (position, error)) in all.enumerated() {
            lines.append("  \(position): \(error.message.trimmingPrefix("\(position): "))")
            let isLast = index + 1 == all.count || all[index + 1].1.hint != error.hint
            if let hint = error.hint, isLast { lines.append("    hint: \(hint)") }
        }
        return TranshipError(code, lines.joined(separator: "\n"))
    }

    /// Returns the mistakes that only this machine shows, for a file that has other mistakes as
    /// well.
    static func mistakes(
        _ clouds: [CloudName], _ pipeline: Pipeline?, environment: [String: String]
    ) -> [(FilePosition, TranshipError)] {
        let connections = NetworkConnections(
            environment: environment, transport: RunTuning().transport, warn: { _ in })
        let places = pipeline.map { NamedPlaces(pipeline: $0, environment: environment) }
        return unknown(clouds, connections) + (places?.missingFiles ?? [])
            + (places?.missingPrograms ?? [])
    }

    /// Returns the clouds for which clouds.yaml has no entry.
    private static func unknown(
        _ clouds: [CloudName], _ connections: any Connections
    ) -> [(FilePosition, TranshipError)] {
        var found: [(FilePosition, TranshipError)] = []
        for cloud in clouds {
            do throws(TranshipError) {
                try connections.expectKnown(cloud)
            } catch {
                // Other errors are reported when the cloud is used.
                if error.code == .unknownCloud { found.append((cloud.position, error)) }
            }
        }
        return found
    }

    // MARK: Files

    private var missingFiles: [(FilePosition, TranshipError)] {
        pipeline.sources.flatMap { source in
            source.files(in: pipeline.baseDirectory).filter {
                !FileManager.default.fileExists(atPath: $0.path)
            }.map {
                (source.position, missing($0.path, "`\($0.key)`", source.position))
            }
        }
    }

    private func missing(_ path: String, _ key: String, _ position: FilePosition) -> TranshipError {
        TranshipError(
            .invalidPipeline, "\(position): \(key): there is no \(path)",
            hint: "check the path; a relative path starts at the folder of the pipeline file")
    }

    // MARK: Programs

    /// The programs of hooks that are missing. Found now, since a hook seldom runs, and when it
    /// does, it matters.
    var missingPrograms: [(FilePosition, TranshipError)] {
        pipeline.hooks.places.compactMap { hook in
            guard let words = hook.words, let program = words.first, !isThere(program: program)
            else { return nil }
            let isPath = program.contains("/")
            return (
                hook.position,
                TranshipError(
                    .invalidPipeline,
                    "\(hook.position): \(hook.key): "
                        + (isPath
                            ? "there is no program \(program)"
                            : "no folder of PATH has a program \(program)"),
                    hint: isPath
                        ? "a relative path starts at the folder of the pipeline file; the file has to "
                            + "be executable" : "write its path")
            )
        }
    }

    private func isThere(program: String) -> Bool {
        func isProgram(_ path: String) -> Bool {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && !isFolder.boolValue && FileManager.default.isExecutableFile(atPath: path)
        }
        if program.contains("/") { return isProgram(program) }
        guard let path = environment["PATH"] else { return true }
        return path.split(separator: ":").contains { isProgram("\($0)/\(program)") }
    }
}
