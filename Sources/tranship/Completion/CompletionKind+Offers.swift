// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics

/// The words that TAB offers. An argument without any of these offers nothing, not even files.
extension CompletionKind {
    /// The entries of clouds.yaml.
    static let cloud = offering { _ in CompletionOffers.clouds }

    /// The images of the command's cloud: by name, and also by id once the word begins like one.
    static let image = offering { line in
        // The Image service of a legacy cloud has another API.
        line.words.contains("v1") ? [] : CompletionOffers.images(line.cloud, of: line)
    }

    /// The source of a copy: a cloud or a file.
    static let copySource = offering { CompletionOffers.clouds + CompletionOffers.files(of: $0) }

    /// The images of the source of a copy.
    static let copiedImage = offering { line in
        guard let source = line.source(among: CompletionOffers.clouds) else { return [] }
        return CompletionOffers.images(source, of: line)
    }

    /// A pipeline that has run, by name, or a pipeline file.
    static let pipeline = offering { line in
        CompletionOffers.pipelines + CompletionOffers.files(["yaml", "yml"], of: line)
    }

    static let pipelineFile = file(extensions: ["yaml", "yml"])

    static let diskFormat = list(FormatNames.disk)
    static let containerFormat = list(FormatNames.container)
    static let imageStatus = list(ImageStatus.listed.map(\.rawValue))
    static let interface = list(["public", "internal", "admin"])

    private static func offering(
        _ words: @escaping @Sendable (CompletedLine) -> [String]
    ) -> CompletionKind {
        .custom { line, index, prefix in
            let line = CompletedLine(words: Array(line.prefix(index)), prefix: prefix)
            return CompletionOffers.written(words(line), for: .requesting)
        }
    }
}

/// A command line up to the word that TAB completes.
struct CompletedLine: Sendable {
    /// The words before that word.
    let words: [String]
    /// The part of that word that has been typed.
    let prefix: String

    /// Removes quotes and backslashes, because the shell passes words as they are typed.
    init(words: [String], prefix: String) {
        func plain(_ word: String) -> String { word.filter { !"'\"\\".contains($0) } }
        self.words = words.map(plain)
        self.prefix = plain(prefix)
    }

    var cloud: String? { value(of: "--cloud", "--os-cloud") }
    var region: String? { value(of: "--region", "--os-region-name") }

    /// Returns the first cloud after `copy`, with its region if there is one.
    func source(among clouds: [String]) -> String? {
        words.drop { $0 != "copy" }.dropFirst().first { word in
            clouds.contains(String(word.prefix { $0 != "/" }))
        }
    }

    /// Returns the value of an option. bash splits `--cloud=alpha` into three words.
    private func value(of names: String...) -> String? {
        for (index, word) in words.enumerated().reversed() {
            if names.contains(word) {
                return words[(index + 1)...].first { $0 != "=" }
            }
            for name in names where word.hasPrefix("\(name)=") {
                return String(word.dropFirst(name.count + 1))
            }
        }
        return nil
    }
}
