// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// An image of a source that a run copied.
public struct CopiedImage: Sendable, Hashable {
    /// The id at the source.
    public var imageID: String
    /// The last run that copied it.
    public var runID: Int64

    public init(imageID: String, runID: Int64) {
        (self.imageID, self.runID) = (imageID, runID)
    }
}

/// The words for a selection that a run did not find, as its journal keeps them.
public struct MissedWords: Sendable, Hashable {
    public let words: String
    /// A hint for the operator; nil if the name may be mistaken.
    public let wayOut: String?

    public init(_ words: String, wayOut: String?) {
        (self.words, self.wayOut) = (words, wayOut)
    }

    public init(_ missed: MissedSelection) {
        self.init(missed.words, wayOut: missed.wayOut)
    }
}

/// A name of a pipeline, or all conditions of an entry, that no image of the source meets.
public struct MissedSelection: Sendable, Hashable {
    /// The kind of source.
    public enum Kind: String, Sendable { case cloud, archive }

    /// The reason why no image with the name was selected.
    public enum Cause: Sendable, Hashable {
        /// An image with the name does not meet the condition with this key in the pipeline file.
        /// The reason is for people. The status is nil for a source whose images have none.
        case leftOut(key: String, reason: String, status: ImageStatus?)
        /// An image has exactly this name, but the name is read as a glob, which does not match it.
        /// `escaped` has a backslash before each special character, and does match.
        case glob(escaped: String)
        /// An image that a run copied has another name now.
        case renamed(String)
        /// An image that a run copied was deleted, or is not shown to this project any more.
        case gone
    }

    /// `file:line:column` of the entry.
    public let place: String
    public let kind: Kind
    /// The cloud's entry in clouds.yaml, or the path of the archive.
    public let cloud: String
    /// The name or glob; nil if no image meets all conditions of the entry together.
    public let name: String?
    /// The image's name that is closest to ``name``; nil if none is close.
    public let nearest: String?
    /// A few names of images that the cloud lists for the entry, the newest first.
    public let examples: [String]
    /// The number of images that the cloud lists for the entry.
    public let listedImages: Int
    /// The reason; nil if the source has no such image, and is not known to have had one.
    public var cause: Cause?
    /// The last run that copied the image; nil if the journal has no such run.
    public var copiedInRun: Int64?
    /// True if the source lists images of one project only, and the pipeline has a source for each
    /// of several projects: another one may have the image.
    public var isOfOneProject = false
    /// True if ``name`` is an id.
    public var isByID = false
    /// The words for the missing selection, for a source without a listing of images.
    private let what: String?
    /// The hint for the operator, for the same sources.
    private let remedy: String?

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
        (what, remedy) = (nil, nil)
    }

    /// - Parameters:
    ///   - what: the missing selection, in words: "… has no product with release: nix".
    ///   - remedy: a hint for the operator; nil if a name may be mistaken.
    public init(place: String, what: String, remedy: String? = nil) {
        self.init(place: place, name: nil, what: what, remedy: remedy)
    }

    private init(place: String, name: String?, what: String, remedy: String?) {
        self.place = place
        self.what = what
        self.remedy = remedy
        self.name = name
        kind = .cloud
        (cloud, nearest, examples, listedImages) = ("", nil, [], 0)
    }

    /// An id of the entry that one of several projects does not have.
    ///
    /// - Parameters:
    ///   - what: the finding, in words.
    ///   - remedy: a hint for the operator.
    public static func id(
        _ id: String, place: String, what: String, remedy: String
    ) -> MissedSelection {
        var missed = MissedSelection(place: place, name: id, what: what, remedy: remedy)
        (missed.isOfOneProject, missed.isByID) = (true, true)
        return missed
    }

    /// The missing selection in words, and a guess at the name that was probably meant.
    public var words: String {
        if let what { return "\(place): \(what)" }
        guard let name else {
            return "\(place): \(kind.rawValue) \(cloud) has no image that meets the conditions; "
                + "\(listedImages) listed"
        }
        if let cause { return "\(place): \(words(cause, name))" }
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

    private func words(_ cause: Cause, _ name: String) -> String {
        let run = copiedInRun.map { "run \($0)" }
        let copied = run.map { "; \($0) copied it" } ?? ""
        return switch cause {
        case .leftOut(_, let reason, _):
            "\(kind.rawValue) \(cloud) has an image \"\(name)\", but \(reason)\(copied)"
        case .glob:
            "\(kind.rawValue) \(cloud) has an image \"\(name)\", but as a glob this name does not "
                + "match it"
        case .renamed(let new):
            "the image \"\(name)\" of \(kind.rawValue) \(cloud) is called \"\(new)\" now\(copied)"
        case .gone:
            "\(run ?? "a run") copied the image \"\(name)\", and \(kind.rawValue) \(cloud) does not "
                + "have it any more, or does not show it to this project; its copies stay"
        }
    }

    /// A hint for the operator about a known cause; nil if the name may be mistaken.
    public var wayOut: String? {
        if let remedy { return remedy }
        return switch cause {
        case nil: nil
        case .leftOut("status", _, .deactivated):
            "have it reactivated at the source, or take its name out of the list"
        case .leftOut("status", _, let status):
            "\((status ?? .unknown).stepToData), or take its name out of the list"
        case .leftOut("hidden", _, _):
            "write `hidden: any`, unhide it at the source, or take its name out of the list"
        case .leftOut("owner", _, _): "write `owner: any`, or take its name out of the list"
        case .leftOut("snapshots", _, _):
            "write `snapshots: include`, or take its name out of the list"
        case .leftOut(let key, _, _): "change `\(key)`, or take its name out of the list"
        case .glob(let escaped):
            "write its name as '\(escaped)', with a backslash before each character that a glob gives "
                + "a meaning, or take it out of the list"
        case .renamed: "write the new name, or take the old one out of the list"
        case .gone: "bring it back at the source, or take its name out of the list"
        }
    }

    /// Returns what the sources of two projects miss of one entry.
    public func merged(with other: MissedSelection) -> MissedSelection {
        guard what == nil else {
            // An image of another project says more than none.
            return cause == nil && other.cause != nil ? other : self
        }
        var merged = MissedSelection(
            place: place, kind: kind, cloud: cloud, name: name, nearest: nearest ?? other.nearest,
            examples: examples.isEmpty ? other.examples : examples,
            listedImages: listedImages + other.listedImages)
        merged.cause =
            switch (cause, other.cause) {
            // A project that does not own the image does not see it.
            case (.gone?, let cause?), (nil, let cause?): cause
            case (let cause, _): cause
            }
        merged.copiedInRun = copiedInRun ?? other.copiedInRun
        merged.isOfOneProject = isOfOneProject
        return merged
    }

    /// Returns a hint if the name looks like a list that was written as one name.
    private func listHint(_ name: String) -> String {
        guard name.contains(",") else { return "" }
        return name.contains("{")
            ? "; globs have no braces: write a list" : "; several names are a list: [a, b]"
    }
}
