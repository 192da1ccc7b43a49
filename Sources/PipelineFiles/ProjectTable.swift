// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The table of projects, `projects` of a pipeline: the images of each project of the sources go to
/// one project of the targets.
public struct ProjectTable: Sendable, Equatable {
    /// A project, by its id, its name, or its name and domain.
    public struct Name: Sendable, Hashable {
        /// The text in the table.
        public let text: String
        /// The id or the name of the project.
        public let project: String
        /// The name of the project's domain. nil for an id, and for the project domain of the
        /// cloud's entry.
        public let domain: String?

        public init(_ text: String) {
            self.text = text
            guard let at = text.lastIndex(of: "@"), at != text.startIndex,
                text.index(after: at) != text.endIndex
            else {
                project = text
                domain = nil
                return
            }
            project = String(text[..<at])
            domain = String(text[text.index(after: at)...])
        }
    }

    /// A line of the table.
    public struct Row: Sendable, Equatable {
        public let source: Name
        public let target: Name
        /// The place of the line: `file:line:column`, or `file:line` in a CSV file.
        public let place: String

        /// The line for messages.
        public var words: String { "\(place): \(source.text) to \(target.text)" }
    }

    /// The lines, in the order of the table.
    public let rows: [Row]
    /// The project for all others (`"*"`). nil: the plan refuses their images.
    public let rest: Name?
    /// The place of the line of ``rest``.
    let restPlace: String?
    public let position: FilePosition

    /// Returns the first line that names this project of the targets, for messages.
    public func line(ofTarget name: Name) -> String {
        if let row = rows.first(where: { $0.target == name }) { return row.words }
        return "\(restPlace ?? "\(position)"): * to \(name.text)"
    }

    /// The table as text: the project of the targets, by that of the sources.
    public var texts: [String: String] {
        var texts = Dictionary(rows.map { ($0.source.text, $0.target.text) }) { first, _ in first }
        if let rest { texts["*"] = rest.text }
        return texts
    }

    /// The projects of the targets, each once.
    public var targets: [Name] {
        var seen: Set<Name> = []
        return (rows.map(\.target) + [rest].compactMap(\.self)).filter { seen.insert($0).inserted }
    }
}

extension CloudName {
    /// Returns the same cloud with a token for that project.
    public func inProject(_ name: ProjectTable.Name) -> CloudName {
        CloudName(
            name: self.name, region: region, interface: interface, project: name.project,
            projectDomain: name.domain, position: position)
    }
}

extension CloudSource {
    /// Returns the same source with a token for that project. Only a selection of the token's own
    /// project needs it.
    public func inProject(_ name: ProjectTable.Name) -> CloudSource {
        CloudSource(
            cloud: cloud.inProject(name), selection: selection, exclude: exclude,
            limitsImages: limitsImages, variant: variant, preferredStores: preferredStores)
    }

    /// True if the entry lists images of the token's own project only, so that each project needs a
    /// token of its own.
    public var isOfOwnProject: Bool { selection.owner == .selfProject }
}

extension CloudTarget {
    /// Returns the target with the same rules in that project.
    public func inProject(_ name: ProjectTable.Name) -> CloudTarget {
        CloudTarget(cloud: cloud.inProject(name), rules: rules)
    }

    /// Returns the target with the same rules and this table of owners.
    public func owned(by owners: OwnerMap) -> CloudTarget {
        CloudTarget(cloud: cloud, rules: rules.owned(by: owners))
    }
}

extension TargetRules {
    fileprivate func owned(by owners: OwnerMap) -> TargetRules {
        TargetRules(
            method: method, stores: stores,
            image: TargetImageRules(
                name: image.name, visibility: image.visibility, protected: image.protected,
                hidden: image.hidden, keepID: image.keepID, owner: owners, members: image.members,
                properties: image.properties, tags: image.tags),
            onConflict: onConflict, keep: keep, previous: previous, expired: expired,
            acceptTransformed: acceptTransformed, allStoresMustSucceed: allStoresMustSucceed,
            limitsImages: limitsImages)
    }
}
