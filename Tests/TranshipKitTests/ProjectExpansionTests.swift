// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import HTTPTransport
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import SourceReaders
import TestSupport
import Testing

@testable import TranshipKit

/// The facts about the projects in a table that the clouds report.
@Suite struct ProjectExpansionTests {
    /// Clouds whose user has a role in the projects `demo` and `other`, and in no other.
    private struct TwoProjects: Connections {
        static let demo = "0123456789abcdef0123456789abcdef"

        let glance: GlanceServer
        /// The domain of the project in the clouds' entries; nil if the entries name none.
        var domain: CloudConfiguration.Domain?
        var isAdmin = false

        func client(for url: URLSource) -> HTTPClient { HTTPClient() }

        func signIn(_ cloud: CloudName) async throws(TranshipError) -> SignedInCloud {
            let ids = ["demo": Self.demo, Self.demo: Self.demo, "other": "o"]
            guard let id = cloud.project == nil ? "home" : ids[cloud.project ?? ""] else {
                throw TranshipError(
                    .authenticationFailed, "cloud \"\(cloud.name)\": Keystone answered 401",
                    hint: "check username, password, project and both domains")
            }
            let session = CloudSession(
                CloudConfiguration(
                    name: cloud.name, authentication: .password(.id("u"), password: Secret("p")),
                    authURL: glance.url,
                    scope: domain.map { .projectName("home", $0) } ?? .projectID("project")))
            return SignedInCloud(
                session, endpoint: glance.url, region: nil, projectID: id, isAdmin: isAdmin)
        }
    }

    private let glance: GlanceServer
    /// A project that Keystone does not show to this user.
    private static let unread = String(repeating: "ab", count: 16)
    private static let missing = String(repeating: "cd", count: 16)

    init() throws {
        glance = try GlanceServer()
        glance.answer(
            "GET", "/v3/auth/projects",
            with: .status(
                200,
                text: """
                    {"projects":[{"id":"\(TwoProjects.demo)","name":"demo"},
                    {"id":"o","name":"other"},{"id":"third","name":"third"}]}
                    """))
        glance.answer(
            "GET", "/v3/projects/\(TwoProjects.demo)",
            with: .status(200, text: #"{"project":{"id":"\#(TwoProjects.demo)","name":"demo"}}"#))
        // Some Keystones compare ids without case.
        glance.answer(
            "GET", "/v3/projects/\(TwoProjects.demo.uppercased())",
            with: .status(200, text: #"{"project":{"id":"\#(TwoProjects.demo)","name":"demo"}}"#))
        glance.refuse("GET", "/v3/projects/\(Self.unread)", status: 403)
        glance.refuse("GET", "/v3/projects", status: 403) { $0.target.hasSuffix("=strict") }
        let demo = #"{"projects":[{"id":"\#(TwoProjects.demo)","name":"demo"}]}"#
        glance.answer("GET", "/v3/projects", with: .status(200, text: demo)) {
            $0.target.hasSuffix("=demo")
        }
        let twin = #"{"id":"t1","name":"twin","domain_id":"d1"}"#
        let lone = #"{"id":"l2","name":"lone","domain_id":"d2"}"#
        let other = #"{"id":"t2","name":"twin","domain_id":"d2"}"#
        let off = #"{"id":"id-off","name":"off","domain_id":"d1","enabled":false}"#
        let half = off.replacing("off", with: "half")
        let on = #"{"id":"on","name":"half","domain_id":"d2","enabled":true}"#
        for (name, list) in [
            ("twin", "\(twin),\(other)"), ("lone", lone), ("off", off), ("half", "\(half),\(on)"),
        ] {
            glance.answer(
                "GET", "/v3/projects", with: .status(200, text: "{\"projects\":[\(list)]}")
            ) { $0.target.hasSuffix("=\(name)") }
        }
        for (name, id) in [("Default", "d1"), ("far", "d2")] {
            let domain = "{\"id\":\"\(id)\",\"name\":\"\(name)\"}"
            glance.answer(
                "GET", "/v3/domains", with: .status(200, text: "{\"domains\":[\(domain)]}")
            ) { $0.target.hasSuffix("=\(name)") }
            glance.answer(
                "GET", "/v3/domains/\(id)", with: .status(200, text: "{\"domain\":\(domain)}"))
        }
        glance.answer("GET", "/v3/projects", with: .status(200, text: #"{"projects":[]}"#))
    }

    /// - Parameter keys: further keys of the source and of the target.
    private func expansion(
        _ table: String, source: String = "", target: String = "",
        domain: CloudConfiguration.Domain? = nil,
        unchecked: UncheckedProjects = UncheckedProjects()
    ) async throws -> ProjectExpansion {
        try await ProjectExpansion(
            try Self.pipeline(table, source: source, target: target),
            TwoProjects(glance: glance, domain: domain), unchecked: unchecked)
    }

    private static func pipeline(
        _ table: String, source: String = "", target: String = "", targets: String = ""
    ) throws -> Pipeline {
        try Pipeline.parse(
            text: """
                version: 1
                name: p
                sources: [{ cloud: alpha\(source) }]
                targets: [{ cloud: beta\(target) }\(targets)]
                projects: \(table)
                """, file: "/p/p.yaml", environment: [:])
    }

    private func refusal(
        _ table: String, source: String = "", target: String = "",
        domain: CloudConfiguration.Domain? = nil
    ) async throws -> TranshipError {
        let error = await #expect(throws: TranshipError.self) {
            try await expansion(table, source: source, target: target, domain: domain)
        }
        return try #require(error)
    }

    @Test func `Each line is a project, and the user's other projects follow`() async throws {
        let found = try await expansion("{ demo: other, other: demo }")
        #expect(
            found.sources.map { source in
                guard case .cloud(let cloud) = source.source else { return "" }
                return cloud.cloud.project ?? ""
            } == ["demo", "other", "third"])
        #expect(found.targets.count == 2)
    }

    @Test func `An archive gets its images by the table, as a cloud does`() async throws {
        let pipeline = try Self.pipeline("{ demo: other }", targets: ", { archive: /a }")
        let found = try await ProjectExpansion(pipeline, TwoProjects(glance: glance))
        #expect(found.targets.map { $0.target.cloudEntry == nil } == [false, true])
        #expect(found.targets.allSatisfy { $0.route != nil })
    }

    @Test func `A table of all others takes each project of the user`() async throws {
        let found = try await expansion("{ '*': other }")
        #expect(
            found.sources.map { source in
                guard case .cloud(let cloud) = source.source else { return "" }
                return cloud.cloud.project ?? ""
            } == [TwoProjects.demo, "o", "third"])
        #expect(found.targets.count == 1)
    }

    @Test(arguments: ["", ", images: { owner: any }"])
    func `Two lines for one project are refused, with both lines`(source: String) async throws {
        let error = try await refusal(
            "{ \(TwoProjects.demo): other, demo: demo }", source: source)
        #expect(error.code == .invalidPipeline && error.side == .source)
        #expect(error.message.contains("/p/p.yaml:5:13: \(TwoProjects.demo) to other"), "\(error)")
        #expect(error.message.contains(": demo to demo"), "\(error)")
        #expect(error.hint == "remove one of the two lines")
    }

    @Test func `A missing role names the project, its side and its line`() async throws {
        let source = try await refusal("{ demo: demo, strange: other }")
        #expect(source.code == .invalidPipeline && source.side == .source)
        #expect(
            source.message.hasPrefix(
                "project \"strange\" of the source cloud \"alpha\" (/p/p.yaml:5:"),
            "\(source)")
        #expect(source.message.contains("strange to other"))
        #expect(source.hint?.hasPrefix("give the user of cloud \"alpha\" a role") == true)
        let target = try await refusal("{ demo: strange }")
        #expect(target.side == .target && target.code == .invalidPipeline)
        #expect(target.message.hasPrefix("project \"strange\" of the target cloud \"beta\""))
        #expect(target.message.contains("demo to strange"))
        let rest = try await refusal("{ demo: demo, '*': strange }")
        #expect(rest.message.contains("* to strange"), "\(rest)")
    }

    @Test func `A project that an administrator does not find is named in the same way`()
        async throws
    {
        let error = try await refusal("{ nowhere: demo }", source: ", images: { owner: any }")
        #expect(error.code == .invalidPipeline && error.side == .source)
        #expect(
            error.message.hasPrefix(
                "project \"nowhere\" of the source cloud \"alpha\" (/p/p.yaml:5"))
        #expect(error.hint?.contains("remove the line") == true)
    }

    @Test func `All mistakes of a table are told at once`() async throws {
        let error = try await refusal(
            "{ demo: strange, nowhere: other, other: unknown, third: demo }",
            source: ", images: { owner: any }")
        #expect(ExitStatus(error) == .usage)
        let lines = error.message.split(separator: "\n").map(String.init)
        #expect(lines.first == "/p/p.yaml:5:11: `projects` has 5 mistakes", "\(error)")
        for (name, side) in [
            ("nowhere", "source"), ("other", "source"), ("third", "source"),
            ("strange", "target"), ("unknown", "target"),
        ] {
            #expect(
                lines.contains { $0.hasPrefix("  project \"\(name)\" of the \(side) cloud ") },
                "\(error)")
        }
        // An administrator has no role in the projects and finds all of them.
        #expect(lines.count { $0.hasPrefix("    hint: correct its name") } == 3)
        #expect(lines.count { $0.hasPrefix("    hint: give the user of cloud") } == 2)
    }

    // MARK: Ids

    @Test(arguments: ["source", "target"])
    func `An administrator's id that Keystone lacks is refused, with both values`(
        side: String
    ) async throws {
        let line = side == "source" ? "\(Self.missing): demo" : "demo: \(Self.missing)"
        let error = try await refusal(
            "{ \(line) }", source: Self.administrator.source, target: Self.administrator.target)
        #expect(error.code == .invalidPipeline && ExitStatus(error) == .usage)
        #expect(error.message.contains("\(Self.missing)\" of the \(side) cloud"), "\(error)")
        #expect(
            error.message.contains(line.replacing(": ", with: " to ")), "\(error)")
        #expect(error.message.contains("has no project with the id"), "\(error)")
        #expect(error.hint?.contains("remove the line") == true, "\(error)")
    }

    @Test func `The id of a deleted project counts at a source if images of it are left`()
        async throws
    {
        glance.put(
            "left", data: [1],
            ["name": "left", "owner": .string(Self.missing), "visibility": "public"])
        let found = try await expansion(
            "{ \(Self.missing): demo }", source: Self.administrator.source,
            target: Self.administrator.target)
        #expect(
            found.targets.first?.target.cloudEntry?.rules.image.owner?.projects
                == [Self.missing: TwoProjects.demo])
        let error = try await refusal(
            "{ demo: \(Self.missing) }", source: Self.administrator.source,
            target: Self.administrator.target)
        #expect(error.message.contains("has no project with the id"), "\(error)")
    }

    @Test func `A disabled project is found by its name, unless an enabled one has the name`()
        async throws
    {
        let found = try await expansion(
            "{ off: demo, half: off@Default }", source: Self.administrator.source,
            target: Self.administrator.target)
        #expect(
            found.targets.first?.target.cloudEntry?.rules.image.owner?.projects
                == ["id-off": TwoProjects.demo, "on": "id-off"])
    }

    @Test func `An id is the one that Keystone writes`() async throws {
        let found = try await expansion(
            "{ \(TwoProjects.demo.uppercased()): demo }", source: Self.administrator.source,
            target: Self.administrator.target)
        #expect(
            found.targets.first?.target.cloudEntry?.rules.image.owner?.projects
                == [TwoProjects.demo: TwoProjects.demo])
    }

    @Test func `An id that the user may not ask for counts, with a warning`() async throws {
        let unchecked = UncheckedProjects()
        let found = try await expansion(
            "{ demo: \(Self.unread) }", source: Self.administrator.source,
            target: Self.administrator.target, unchecked: unchecked)
        #expect(
            found.targets.first?.target.cloudEntry?.rules.image.owner?.projects
                == [TwoProjects.demo: Self.unread])
        #expect(unchecked.targetIDs == [Self.unread])
        #expect(
            unchecked.warnings == [
                .projectsUnchecked(cloud: "beta", ids: [Self.unread], count: 1)
            ])
    }

    @Test(
        arguments: [
            ("source", false, "list the images of all projects: use an administrator's entry"),
            ("target", false, "create images of other projects: use an administrator's entry"),
            ("source", true, "write the project's id"), ("target", true, "write the project's id"),
        ])
    func `An id does not help a user who is not an administrator`(
        side: String, isAdmin: Bool, wayOut: String
    ) async throws {
        let clouds = TwoProjects(glance: glance, isAdmin: isAdmin)
        let pipeline = try Self.pipeline(
            side == "source" ? "{ strict: demo }" : "{ demo: strict }",
            source: Self.administrator.source, target: Self.administrator.target)
        let error = try #require(
            await #expect(throws: TranshipError.self) {
                _ = try await ProjectExpansion(pipeline, clouds)
            })
        let hint = try #require(error.hint)
        #expect(hint.contains(wayOut), "\(error)")
        #expect(hint.contains("write the project's id") == isAdmin, "\(error)")
        #expect(hint.contains("so that each project has a token of its own"), "\(error)")
    }

    // MARK: Names that several domains have

    private static let administrator = (
        source: ", images: { owner: any }", target: ", image: { owner: projects }"
    )

    @Test(arguments: [CloudConfiguration.Domain.name("Default"), .id("d1")])
    func `A name means the project in the domain of the cloud's entry`(
        domain: CloudConfiguration.Domain
    ) async throws {
        let found = try await expansion(
            "{ twin: twin, twin@far: lone@far }", source: Self.administrator.source,
            target: Self.administrator.target, domain: domain)
        #expect(
            found.targets.first?.target.cloudEntry?.rules.image.owner?.projects
                == ["t1": "t1", "t2": "l2"])
    }

    @Test func `A name that only another domain has is refused, with its domain`() async throws {
        let error = try await refusal(
            "{ lone: twin }", source: Self.administrator.source,
            target: Self.administrator.target, domain: .name("Default"))
        #expect(error.message.contains("has no project \"lone\" in domain \"Default\""), "\(error)")
        #expect(error.hint?.contains("lone@far") == true, "\(error)")
    }

    @Test func `Without a domain in the entry, a name of two projects is refused with both`()
        async throws
    {
        let error = try await refusal(
            "{ twin: lone }", source: Self.administrator.source,
            target: Self.administrator.target)
        #expect(error.message.hasSuffix("twin@Default (t1), twin@far (t2)"), "\(error)")
        #expect(error.hint?.contains("twin@Default or twin@far") == true, "\(error)")
    }
}
