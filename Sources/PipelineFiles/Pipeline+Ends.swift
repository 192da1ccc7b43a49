// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

extension Pipeline {
    /// The sources and the targets in short, each once: `alpha, files -> beta, gamma`.
    package var route: String {
        func list(_ words: [String]) -> String {
            var seen: Set<String> = []
            return words.filter { seen.insert($0).inserted }.joined(separator: ", ")
        }
        return list(sources.map(\.shortName)) + " -> " + list(targets.map(\.shortName))
    }
}

extension Source {
    /// What messages call the source: the same for all entries of one cloud, region and project,
    /// and for all of one archive. Without secrets.
    package var shownName: String {
        switch self {
        case .cloud(let source):
            ([source.cloud.shortName] + [source.cloud.projectDomain].compactMap(\.self))
                .joined(separator: "/")
        case .url(let source): shownURL(source.url)
        case .simplestreams(let source): shownURL(source.index.url)
        case .file(let source): source.pattern
        case .archive(let source): "archive \(source.path)"
        }
    }

    fileprivate var shortName: String {
        switch self {
        case .cloud(let source): source.cloud.shortName
        case .url(let source): Self.host(source.url)
        case .simplestreams(let source): Self.host(source.index.url)
        case .file: "files"
        case .archive: "archive"
        }
    }

    /// The host of a URL, for a headline.
    private static func host(_ url: String) -> String {
        let parts = url.split(separator: "/", omittingEmptySubsequences: true)
        return String(parts.dropFirst().first ?? parts.first ?? "")
    }
}

extension Target {
    /// For a headline.
    var shortName: String {
        switch self {
        case .cloud(let target): target.cloud.shortName
        case .archive: "archive"
        }
    }
}

extension CloudName {
    fileprivate var shortName: String {
        ([name] + [region, project].compactMap(\.self)).joined(separator: "/")
    }
}
