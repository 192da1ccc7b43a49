// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import MigrationPipeline

/// The `limits.images` of a pipeline's sources, or of its targets, by what they
/// lead to.
///
/// A limit protects a service, and several entries may lead to one: other
/// projects, other images, other addresses of one host. So the lowest limit
/// that any of them states holds for all of them together.
struct PlaceLimits<Entry: Hashable> {
    private(set) var places: [Entry: String] = [:]
    private var lowest: [String: Int] = [:]

    mutating func add(_ entry: Entry, at place: String, _ images: Int?) {
        places[entry] = place
        if let images { lowest[place] = min(images, lowest[place] ?? images) }
    }

    /// Entries at places for which none states a limit are missing.
    var limits: [Entry: Scheduler.PlaceLimit] {
        places.compactMapValues { place in
            lowest[place].map { Scheduler.PlaceLimit(place: place, images: $0) }
        }
    }
}

extension PlaceLimits<Int> {
    /// Scheme, host and port of an address.
    static func host(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let end = url[scheme.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        // Without user and password, who may stand before the host.
        let host = url[scheme.upperBound..<end].split(separator: "@").last ?? ""
        return (url[..<scheme.upperBound] + host).lowercased()
    }
}
