// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Dispatch
import Foundation
import OpenStackImage
import TranshipKit

/// The words that the shells get for `CompletionKind`. Never writes a message and never throws,
/// because a shell would print it into the line that the user is typing.
enum CompletionOffers {
    /// The time limit for a cloud. If it does not answer in time, TAB offers no images.
    private static let secondsAtMost = 2.0
    private static let imagesAtMost = 1000

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    static var clouds: [String] {
        (try? CloudFiles.load(environment: environment).cloudNames) ?? []
    }

    /// The names of the pipelines that have a journal.
    static var pipelines: [String] { JournalPlace.pipelineNames(environment: environment) }

    /// - Parameter cloud: the cloud, as `alpha` or `alpha/RegionTwo`; nil for the default of the
    ///   commands.
    static func images(_ cloud: String?, of line: CompletedLine) -> [String] {
        let parts = cloud?.split(separator: "/", maxSplits: 1).map(String.init) ?? []
        let region = parts.count > 1 ? parts[1] : line.region
        let found = Found()
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            defer { done.signal() }
            let service = ImageService(
                try CloudSession.named(
                    parts.first, region: region, environment: environment))
            for try await page in service.images() where !found.add(page, line.prefix) { return }
        }
        _ = done.wait(timeout: .now() + secondsAtMost)
        return found.words
    }

    private final class Found: Sendable {
        private let names = Guarded<Set<String>>([])

        var words: [String] { names.withLock { $0.sorted() } }

        /// Adds the images of a page. Returns false when there are enough.
        func add(_ page: [Image], _ prefix: String) -> Bool {
            names.withLock { names in
                for image in page {
                    if let name = image.name { names.insert(name) }
                    if !prefix.isEmpty, image.id.hasPrefix(prefix) { names.insert(image.id) }
                }
                return names.count < imagesAtMost
            }
        }
    }

    /// Returns the files and folders that begin with the typed text.
    ///
    /// - Parameter extensions: the extensions to offer; empty for any file.
    static func files(_ extensions: [String] = [], of line: CompletedLine) -> [String] {
        let folder = line.prefix.lastIndex(of: "/").map { String(line.prefix[...$0]) } ?? ""
        let start = line.prefix.dropFirst(folder.count)
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder.isEmpty ? "." : folder)
        return (names ?? []).sorted().compactMap { name in
            guard name.hasPrefix(start), start.hasPrefix(".") || !name.hasPrefix(".") else {
                return nil
            }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder + name, isDirectory: &isFolder)
            else { return nil }
            if isFolder.boolValue { return "\(folder)\(name)/" }
            let isWanted = extensions.isEmpty || extensions.contains { name.hasSuffix(".\($0)") }
            return isWanted ? folder + name : nil
        }
    }

    /// Returns the words in a form that a shell takes literally.
    static func written(_ words: [String], for shell: CompletionShell?) -> [String] {
        // A control character would write to the terminal, or end the word. If an image of another
        // project has the name `$(…)`, that must not run commands here: a shell with the name in
        // its line may expand it at the next TAB.
        let plain = words.filter { word in
            !word.isEmpty
                && word.unicodeScalars.allSatisfy { scalar in
                    ![.control, .format].contains(scalar.properties.generalCategory)
                        && !"$`!\\".unicodeScalars.contains(scalar)
                }
        }
        if shell == .bash {
            // The parser's script passes the words to `compgen -W`, which expands them. Readline
            // then quotes the result like a file name, except for `$` and the text after it.
            return plain.map { "'\($0.replacing("'", with: "'\\''"))'" }
        }
        if shell == .zsh {
            // `_describe` treats the text after a colon as the description.
            return plain.map { $0.replacing("\\", with: "\\\\").replacing(":", with: "\\:") }
        }
        return plain
    }
}
