// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension ImageQuery {
    /// A query as the service understands it.
    ///
    /// An old service does not refuse a condition that it does not know: it compares it with a
    /// property of that name, which no image has, and answers with an empty list.
    struct Known: Sendable {
        /// The query to send. Nil if no image of the service can match, so that no request is
        /// needed.
        var query: ImageQuery?
        /// Checks the conditions that the service does not check.
        var keeps: @Sendable (Image) -> Bool = { _ in true }
    }

    /// The first API versions that know a condition: 2.5 (Ocata) has the visibilities `community`,
    /// `shared` and `all`, 2.7 (Rocky) has hidden images. Lists of values came between the
    /// versions; a service with 2.5 knows them.
    private enum FirstMinor {
        static let visibilities = 5
        static let lists = 5
        static let hidden = 7
    }

    /// True if an old service would misunderstand a condition.
    var needsVersion: Bool {
        isHidden == true || visibility == .all || !lists.isEmpty
    }

    private var lists: [(condition: Match, key: String)] {
        let all: [(Match?, String)] = [
            (name, "name"), (id, "id"), (Match(status.map(\.rawValue)), "status"),
            (diskFormat, "disk_format"), (containerFormat, "container_format"),
        ]
        return all.compactMap { match, key in
            guard let match, match.text.contains(":") else { return nil }
            return (match, key)
        }
    }

    /// Returns the query for a service of this version.
    ///
    /// - Parameter minor: the minor number of the service's newest version 2; nil if unknown, which
    ///   counts as new.
    func known(toMinor minor: Int?) -> Known {
        var query = self
        // Every version leaves hidden images out by default.
        if isHidden == false { query.isHidden = nil }
        guard let minor else { return Known(query: query) }
        if isHidden == true, minor < FirstMinor.hidden { return Known(query: nil) }
        if visibility == .all, minor < FirstMinor.visibilities { query.visibility = nil }
        let unknown = minor < FirstMinor.lists ? lists : []
        guard !unknown.isEmpty else { return Known(query: query) }
        for (_, key) in unknown {
            switch key {
            case "name": query.name = nil
            case "id": query.id = nil
            case "status": query.status = []
            case "disk_format": query.diskFormat = nil
            default: query.containerFormat = nil
            }
        }
        return Known(query: query) { image in
            unknown.allSatisfy { condition, key in
                image.record[key]?.string.map { condition.matches($0) } ?? false
            }
        }
    }
}

extension ImageQuery.Match {
    func matches(_ value: String) -> Bool {
        switch self {
        case .one(let wanted): value == wanted
        case .anyOf(let wanted): wanted.contains(value)
        }
    }
}

extension ImageService {
    /// Returns the query as this service understands it. Asks for its versions only if they matter.
    func known(_ query: ImageQuery) async throws(TranshipError) -> ImageQuery.Known {
        query.known(toMinor: query.needsVersion ? try await minorVersion() : nil)
    }
}
