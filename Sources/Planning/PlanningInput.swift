// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationModel
public import MigrationPipeline
public import PipelineFiles

/// A target of the pipeline with the rules that its entry states.
public struct PlanningTarget: Sendable {
    public var rules: TargetRules
    public var opened: OpenedTarget
    public var verification: VerificationMode
    /// By the pipeline's `projects`; nil without it.
    public var route: ProjectRoute?

    public init(
        _ opened: OpenedTarget, rules: TargetRules, verification: VerificationMode = .proof
    ) {
        self.opened = opened
        self.rules = rules
        self.verification = verification
    }

    /// True if names of copies have the day of planning in them.
    var namesHaveDays: Bool { rules.image.name.placeholders.contains(.date) }

    /// True if both are one project of one Image service: the ids of their copies would be the
    /// same.
    public func isSamePlace(as other: PlanningTarget) -> Bool {
        opened.endpoint == other.opened.endpoint && opened.projectID == other.opened.projectID
    }

    /// The project that gets the images of a project of the sources, also if one of them is refused;
    /// nil if no line of a table says it.
    func project(forImagesOf owner: String?) -> String? {
        guard let owner else { return opened.projectID }
        if let owners = rules.image.owner { return owners.target(of: owner) }
        guard let route else { return opened.projectID }
        return route.members.target(of: owner)
    }

    /// True if the source's projects are those of the target, however their addresses are spelled.
    func sharesKeystone(with source: any ImageSource) -> Bool {
        source.region?.sharesKeystone(with: opened.region) == true || isOneService(with: source)
    }

    /// True if an image of the source and its copy would be in one Image service.
    func isOneService(with source: any ImageSource) -> Bool {
        if source.endpoint == opened.endpoint { return true }
        guard let region = source.region else { return false }
        return region.sharesKeystone(with: opened.region)
            && !region.isSibling(of: opened.region)
    }

    /// Stores that an image is put into.
    var storeCount: Int64 {
        switch rules.stores {
        case .standard: 1
        case .named(let names): Int64(names.count)
        case .all: Int64(max(1, opened.offer.writableStores.count))
        }
    }
}

/// The methods that a saved plan has for images at targets.
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

    /// Nil if the saved plan does not have it.
    func method(of image: SourceImage, at target: PlanningTarget) -> UploadMethod? {
        methods[Way(sourceKey: image.key, targetKey: target.opened.key)]
    }
}
