// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A `next` link of a list.
///
/// The service writes the path as it knows it, which behind a proxy is not the
/// path that we must ask; only the query is believed.
enum PageLink {
    /// What follows the question mark; nil without one.
    static func query(_ link: String?) -> String? {
        guard let link, let mark = link.firstIndex(of: "?") else { return nil }
        let query = link[link.index(after: mark)...].prefix { $0 != "#" }
        return query.isEmpty ? nil : String(query)
    }
}
