// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import Planning

/// The images that a target gets by the table of projects.
@Suite struct ProjectRouteTests {
    private func words(
        _ owner: String?, _ others: ProjectRoute.Intake.Others, mapped: Set<String> = ["a", "b"]
    ) -> String {
        let route = ProjectRoute(
            members: OwnerMap(projects: ["a": "a", "b": "b"], rest: nil),
            takes: .init(projects: ["a"], others: others, mapped: mapped, names: ["c": "team-c"]))
        var image = Sample.source("s")
        image.ownerID = owner
        return switch route.verdict(ListedImage(image)) {
        case .wanted: "wanted"
        case .unwanted: "unwanted"
        case .refused(let error): error.message
        }
    }

    @Test func `A target gets the images of its projects, and one of them the others`() {
        for others in [ProjectRoute.Intake.Others.taken, .left, .refused] {
            #expect(words("a", others) == "wanted")
            #expect(words("b", others) == "unwanted")
        }
        #expect(words("c", .taken) == "wanted")
        #expect(words("c", .left) == "unwanted")
        #expect(words("c", .refused) == "its project team-c (c) is not in `projects`")
    }

    @Test func `An image without a project is one of the others`() {
        #expect(words(nil, .taken) == "wanted")
        #expect(words(nil, .left) == "unwanted")
        #expect(words(nil, .refused).hasPrefix("it has no project at the source"))
    }

    @Test func `A star maps each project, also to a target without projects`() {
        func isMapped(_ others: ProjectRoute.Intake.Others) -> Bool {
            ProjectRoute(
                members: OwnerMap(projects: ["a": "a"], rest: nil),
                takes: .init(projects: ["a"], others: others, mapped: ["a"])
            ).isMapped("c")
        }
        #expect(isMapped(.taken))
        #expect(!isMapped(.refused))
    }
}
