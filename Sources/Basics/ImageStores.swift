// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Stores of an Image service that hold an image's data.
public enum ImageStores: Codable, Hashable, Sendable {
    /// The cloud's default store.
    case standard
    case named([String])
    /// All stores that are not read-only.
    case all

    /// The store for a request that takes only one; nil for the default store, and for `all`.
    public var first: String? {
        if case .named(let names) = self { names.first } else { nil }
    }

    /// True if one upload cannot fill all these stores.
    public var areSeveral: Bool {
        switch self {
        case .standard: false
        case .named(let names): names.count > 1
        case .all: true
        }
    }
}
