// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// The differences between the record at a target and the record at the source.
public struct TargetImageRules: Sendable, Equatable {
    public let name: NameTemplate
    public let visibility: KeepOrSet<ImageVisibility>
    public let protected: KeepOrSet<Bool>
    public let hidden: KeepOrSet<Bool>
    /// nil: copies get ids of their own.
    public let keepID: PlannedRecord.KeptID?
    /// nil: the target's project owns the images.
    public let owner: OwnerMap?
    /// nil: ``MemberRule/map`` between two Keystones, ``MemberRule/keep`` under one.
    public let members: MemberRule?
    public let properties: PropertyRules
    public let tags: TagRules

    /// The rules of a target without an `image` block: every field is as at the source.
    public static let standard = TargetImageRules(
        name: NameTemplate.sourceName, visibility: .keep, protected: .keep, hidden: .keep,
        keepID: nil, owner: nil, members: nil, properties: PropertyRules(), tags: TagRules())

    /// The same rules, but with the members of the source.
    var keepingMembers: TargetImageRules {
        TargetImageRules(
            name: name, visibility: visibility, protected: protected, hidden: hidden,
            keepID: keepID, owner: owner, members: .keep, properties: properties, tags: tags)
    }
}

/// A choice between the source's value and another one.
public enum KeepOrSet<Value: Sendable & Equatable>: Sendable, Equatable {
    case keep
    case set(Value)

    /// Returns the value at the target.
    public func value(keeping sourceValue: Value) -> Value {
        switch self {
        case .keep: sourceValue
        case .set(let value): value
        }
    }
}

/// Maps projects at the source to projects at the target.
public struct OwnerMap: Sendable, Equatable {
    public let projects: [String: String]
    /// The project for all others (`"*"`). nil: the plan refuses their images.
    public let rest: String?
    /// True for `owner: projects`: the pipeline's `projects` decide, once their ids are known.
    public let isProjectTable: Bool

    public init(projects: [String: String], rest: String?, isProjectTable: Bool = false) {
        self.projects = projects
        self.rest = rest
        self.isProjectTable = isProjectTable
    }

    /// Returns the project at the target, or nil if no entry covers `sourceProject`. An image
    /// without a project is one of the others.
    public func target(of sourceProject: String?) -> String? {
        sourceProject.flatMap { projects[$0] } ?? rest
    }
}

/// The action on the members of an image, the projects that it is shared with.
public enum MemberRule: String, Sendable, CaseIterable {
    /// Maps members by the owner table. Drops and reports members that are not in the table.
    case map
    case keep, drop
}

/// Changes to properties. Drops first, then renames, then sets.
public struct PropertyRules: Sendable, Equatable {
    public var set: [String: String] = [:]
    public var drop: [Glob] = []
    /// Maps old names to new ones.
    public var rename: [String: String] = [:]

    /// Returns the properties at the target.
    public func applied(to properties: [String: String]) -> [String: String] {
        var result: [String: String] = [:]
        let kept = properties.filter { name, _ in !drop.contains { $0.matches(name) } }
        for (name, value) in kept where rename[name] == nil { result[name] = value }
        for (name, value) in kept { if let renamed = rename[name] { result[renamed] = value } }
        return result.merging(set) { $1 }
    }
}

/// Changes to tags. Drops first, then adds.
public struct TagRules: Sendable, Equatable {
    public var add: [String] = []
    public var drop: [Glob] = []

    /// Returns the tags at the target: the remaining ones in the source's order, then added ones.
    public func applied(to tags: [String]) -> [String] {
        let kept = tags.filter { tag in !drop.contains { $0.matches(tag) } }
        return kept + add.filter { !kept.contains($0) }
    }
}
