// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The comparison of project ids.
public enum ProjectID {
    /// True if both ids are of one project. Keystone writes its ids without hyphens, and other
    /// services write some of them as UUIDs.
    public static func areEqual(_ one: String, _ other: String) -> Bool {
        one == other || plain(one) == plain(other)
    }

    private static func plain(_ id: String) -> String {
        id.lowercased().filter { $0 != "-" }
    }
}
