// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The place that a cloud of a pipeline led to in a run.
///
/// The journal knows copies by the name of their target. The entry of clouds.yaml behind that name
/// may lead to another project or cloud in the next command.
public struct RunPlace: Sendable, Hashable {
    public var side: Absence.Side
    /// The name in the pipeline file, with region and project. For a target, its key.
    public var name: String
    /// The address of Keystone in one spelling; nil without Keystone.
    public var keystoneURL: String?
    /// The address of the Image service in one spelling.
    public var endpoint: String
    /// The project of the token; nil without Keystone, and for a source that lists the images of
    /// all projects.
    public var projectID: String?

    public init(
        _ side: Absence.Side, _ name: String, keystoneURL: String?, endpoint: String,
        projectID: String?
    ) {
        self.side = side
        self.name = name
        self.keystoneURL = keystoneURL
        self.endpoint = endpoint
        self.projectID = projectID
    }

    /// `target beta`
    public var label: String { "\(side.rawValue) \(name)" }

    /// A part of the place that differs.
    public enum Part: String, Sendable, CaseIterable {
        case project
        case keystone = "Keystone"
        case imageService = "Image service"
    }

    /// Returns the value of a part; nil if the place has none.
    public subscript(part: Part) -> String? {
        switch part {
        case .project: projectID
        case .keystone: keystoneURL
        case .imageService: endpoint
        }
    }

    /// Returns the parts in which two places differ.
    public func parts(differingFrom other: RunPlace) -> [Part] {
        Part.allCases.filter { self[$0] != other[$0] }
    }
}
