// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// How a target's record differs from the source's.
public struct TargetImageRules: Sendable, Equatable {
    public let name: NameTemplate
    public let visibility: KeepOrSet<VisibilityName>
    public let protected: KeepOrSet<Bool>
    public let hidden: KeepOrSet<Bool>
    public let keepID: KeepID
    /// nil: images belong to the target's project.
    public let owner: OwnerMap?
    /// nil: ``MemberRule/map`` between two Keystones, ``MemberRule/keep`` under one.
    public let members: MemberRule?
    public let properties: PropertyRules
    public let tags: TagRules

    /// What stands where a target has no `image` block: all as at the source.
    public static let standard = TargetImageRules(
        name: NameTemplate.sourceName, visibility: .keep, protected: .keep, hidden: .keep,
        keepID: .never, owner: nil, members: nil, properties: PropertyRules(), tags: TagRules())
}

/// As at the source, or this.
public enum KeepOrSet<Value: Sendable & Equatable>: Sendable, Equatable {
    case keep
    case set(Value)

    /// The value at the target.
    public func value(keeping sourceValue: Value) -> Value {
        switch self {
        case .keep: sourceValue
        case .set(let value): value
        }
    }
}

/// Whether the target's image has the source's UUID.
public enum KeepID: String, Sendable, CaseIterable {
    case never = "false"
    case always = "true"
    /// Where it can be had.
    case prefer
}

/// Projects at the source and who they are at the target.
public struct OwnerMap: Sendable, Equatable {
    public let projects: [String: String]
    /// For all others (`"*"`); nil: they are refused in the plan.
    public let rest: String?

    public init(projects: [String: String], rest: String? = nil) {
        self.projects = projects
        self.rest = rest
    }

    /// The project at the target; nil when no entry says it.
    public func target(of sourceProject: String) -> String? { projects[sourceProject] ?? rest }
}

/// What becomes of the projects that an image is shared with.
public enum MemberRule: String, Sendable, CaseIterable {
    /// By the owner table; others are dropped and reported.
    case map
    case keep, drop
}

/// Changes to properties: first dropped, then renamed, then set.
public struct PropertyRules: Sendable, Equatable {
    public var set: [String: String] = [:]
    public var drop: [Glob] = []
    /// Old name to new name.
    public var rename: [String: String] = [:]

    public init(
        set: [String: String] = [:], drop: [Glob] = [], rename: [String: String] = [:]
    ) {
        self.set = set
        self.drop = drop
        self.rename = rename
    }

    /// The properties at the target.
    public func applied(to properties: [String: String]) -> [String: String] {
        var result: [String: String] = [:]
        let kept = properties.filter { name, _ in !drop.contains { $0.matches(name) } }
        for (name, value) in kept where rename[name] == nil { result[name] = value }
        for (name, value) in kept { if let renamed = rename[name] { result[renamed] = value } }
        return result.merging(set) { $1 }
    }
}

/// Changes to tags: first dropped, then added.
public struct TagRules: Sendable, Equatable {
    public var add: [String] = []
    public var drop: [Glob] = []

    public init(add: [String] = [], drop: [Glob] = []) {
        self.add = add
        self.drop = drop
    }

    /// The tags at the target: the source's order, then those added.
    public func applied(to tags: [String]) -> [String] {
        let kept = tags.filter { tag in !drop.contains { $0.matches(tag) } }
        return kept + add.filter { !kept.contains($0) }
    }
}
