// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationModel
public import MigrationPipeline
public import PipelineFiles

/// A target of the pipeline with the rules of its entry.
public struct PlanningTarget: Sendable {
    public var rules: TargetRules
    public var opened: OpenedTarget
    public var verification: VerificationMode
    /// The route by the pipeline's `projects`; nil without that key.
    public var route: ProjectRoute?

    public init(
        _ opened: OpenedTarget, rules: TargetRules, verification: VerificationMode = .proof
    ) {
        self.opened = opened
        self.rules = rules
        self.verification = verification
    }

    /// True if the names of copies contain the day of planning.
    var namesHaveDays: Bool { rules.image.name.placeholders.contains(.date) }

    /// True if both targets are one project of one Image service: the ids of their copies would be
    /// the same.
    public func isSamePlace(as other: PlanningTarget) -> Bool {
        opened.endpoint == other.opened.endpoint && opened.projectID == other.opened.projectID
    }

    /// Returns the project that gets the images of a project of the sources, even if one of them is
    /// refused; nil if no line of a table names it.
    func project(for image: SourceImage) -> String? {
        let owner = image.ownerID
        guard owner != nil || image.imageID != nil else { return opened.projectID }
        if let owners = rules.image.owner { return owners.target(of: owner) }
        guard let route, opened.projectID != nil else { return opened.projectID }
        return route.members.target(of: owner)
    }

    /// True if source and target share their projects, no matter how their addresses are spelled.
    func sharesKeystone(with source: any ImageSource) -> Bool {
        source.region?.sharesKeystone(with: opened.region) == true || isOneService(with: source)
    }

    /// True if an image of the source and its copy would be in the same Image service.
    func isOneService(with source: any ImageSource) -> Bool {
        if source.endpoint == opened.endpoint { return true }
        guard let region = source.region else { return false }
        return region.sharesKeystone(with: opened.region)
            && !region.isSibling(of: opened.region)
    }

    /// The number of stores that an image is put into.
    var storeCount: Int64 {
        switch rules.stores {
        case .standard: 1
        case .named(let names): Int64(names.count)
        case .all: Int64(max(1, opened.offer.writableStores.count))
        }
    }
}

/// The methods for images at targets in a saved plan.
public struct SavedMethods: Sendable {
    /// One image at one target.
    private struct Way: Hashable {
        let sourceKey: String
        let targetKey: String
    }

    private var methods: [Way: UploadMethod] = [:]

    public init() {}

    public mutating func add(_ method: UploadMethod, of sourceKey: String, at targetKey: String) {
        methods[Way(sourceKey: sourceKey, targetKey: targetKey)] = method
    }

    /// Returns the saved method; nil if the saved plan does not have the image at this target.
    func method(of image: SourceImage, at target: PlanningTarget) -> UploadMethod? {
        methods[Way(sourceKey: image.key, targetKey: target.opened.key)]
    }
}
