// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A name of a pipeline, or all conditions of an entry, that no image of the source meets.
public struct MissedSelection: Sendable, Hashable {
    /// What kind of source it is.
    public enum Kind: String, Sendable { case cloud, archive }

    /// `file:line:column` of the entry.
    public let place: String
    public let kind: Kind
    /// The cloud's entry in clouds.yaml, or the path of the archive.
    public let cloud: String
    /// The name or glob; nil: all conditions together.
    public let name: String?
    /// The image's name that is closest to ``name``; nil if none is close.
    public let nearest: String?
    /// Names of images that the cloud lists for the entry, the newest first; a few of them.
    public let examples: [String]
    /// The number of images that the cloud lists for the entry.
    public let listedImages: Int
    /// What is not there, of a source that is not a cloud.
    private let what: String?

    public init(
        place: String, kind: Kind = .cloud, cloud: String, name: String?, nearest: String?,
        examples: [String],
        listedImages: Int
    ) {
        self.place = place
        self.kind = kind
        self.cloud = cloud
        self.name = name
        self.nearest = nearest
        self.examples = examples
        self.listedImages = listedImages
        what = nil
    }

    /// - Parameter what: what happened, in words: "… has no product with release: nix".
    public init(place: String, what: String) {
        self.place = place
        self.what = what
        kind = .cloud
        (cloud, name, nearest, examples, listedImages) = ("", nil, nil, [], 0)
    }

    /// What happened, and what was probably meant.
    public var words: String {
        if let what { return "\(place): \(what)" }
        guard let name else {
            return "\(place): \(kind.rawValue) \(cloud) has no image that meets the conditions; "
                + "\(listedImages) listed"
        }
        let guess = nearest.map { "; did you mean \"\($0)\"?" }
        if nearest == name {
            return
                "\(place): \(kind.rawValue) \(cloud) has an image \"\(name)\", but it does not meet "
                + "the other conditions"
        }
        return
            "\(place): \(kind.rawValue) \(cloud) has no image \"\(name)\" that meets the conditions"
            + (guess ?? listHint(name))
    }

    /// A list that is written as one name.
    private func listHint(_ name: String) -> String {
        guard name.contains(",") else { return "" }
        return name.contains("{")
            ? "; globs have no braces: write a list" : "; several names are a list: [a, b]"
    }
}
