// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Cloud session", .enabled(if: Lab.isUp), .atLab)
struct CloudSessionTests {
    @Test("a password gives who we are and where images are")
    func password() async throws {
        let project = try await Lab.session("alpha").authenticate()
        #expect(project.projectName == "demo")
        #expect(project.userName == "demo")
        #expect(project.roles.contains("member"))
        #expect(project.projectID?.count == 32)
        #expect(project.expiresAt != nil)
        #expect(project.imageEndpoint.hasPrefix("http://127.0.0.1:"))
        #expect(!project.imageEndpoint.hasSuffix("/v2"))
    }

    @Test("an application credential works for images")
    func applicationCredential() async throws {
        let session = try Lab.session("alpha-appcred")
        #expect(try await session.authenticate().projectName == "demo")
        _ = try await ImageService(session).stores()
    }

    @Test("a token is exchanged for one of the same project")
    func token() async throws {
        let session = try Lab.session("alpha")
        let project = try await session.authenticate()
        var configuration = session.configuration
        configuration.authentication = .token(try #require(try await session.authorization().token))
        let exchanged = try await CloudSession(configuration).authenticate()
        #expect(exchanged.projectID == project.projectID)
    }

    @Test("another project is asked for by name and by id")
    func rescoped() async throws {
        let byName = try await Lab.session("alpha", project: "team-a").authenticate()
        #expect(byName.projectName == "team-a")
        let byID = try await Lab.session("alpha", project: byName.projectID).authenticate()
        #expect(byID.projectName == "team-a")
        #expect(throws: TranshipError.self) { try Lab.session("alpha-appcred", project: "team-a") }
    }

    @Test("a wrong password is Keystone's word, not ours")
    func wrongPassword() async throws {
        let error = await #expect(throws: TranshipError.self) {
            try await Lab.session("alpha-wrong-password").authenticate()
        }
        #expect(error?.code == .authenticationFailed)
        #expect(error?.message.contains("Keystone answered 401") == true)
        #expect(error?.answer?.requestID != nil)
    }

    @Test("an expired application credential is suspected by name")
    func expired() async throws {
        let error = await #expect(throws: TranshipError.self) {
            try await Lab.session("alpha-appcred-expired").authenticate()
        }
        #expect(error?.code == .authenticationFailed)
        #expect(error?.hint?.contains("may have expired") == true)
    }

    @Test("a region without images says which regions have them")
    func noImages() async throws {
        for cloud in ["alpha-no-image", "alpha-no-region"] {
            let error = await #expect(throws: TranshipError.self) {
                try await Lab.session(cloud).authenticate()
            }
            #expect(error?.code == .noImageService)
            #expect(error?.hint?.contains("RegionOne") == true)
        }
    }

    @Test("an address where nothing listens is unreachable, with what was tried")
    func nowhere() async throws {
        let error = await #expect(throws: TranshipError.self) {
            try await Lab.session("nowhere").authenticate()
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("asking Keystone for a token") == true)
        #expect(error?.hint != nil)
    }

    @Test("a Glance at auth_url is not a Keystone")
    func notKeystone() async throws {
        let error = await #expect(throws: TranshipError.self) {
            try await Lab.session("not-keystone").authenticate()
        }
        #expect(error?.code == .notKeystone)
    }

    @Test("fifty tasks that start together share one token")
    func shared() async throws {
        let session = try Lab.session("alpha")
        let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<50 {
                group.addTask { try await session.authorization().token?.revealed }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(tokens.count == 1)
    }

    @Test("no token, password or secret is printed with a session or its errors")
    func nothingLeaks() async throws {
        let session = try Lab.session("alpha-wrong-password")
        var printed = "\(session.configuration)"
        dump(session.configuration, to: &printed)
        do {
            _ = try await session.authenticate()
        } catch {
            printed += "\(error)"
            dump(error, to: &printed)
        }
        #expect(!printed.contains("not-the-password"))
        let good = try Lab.session("alpha")
        let token = try #require(try await good.authorization().token)
        var authorized = "\(try await good.authorization())"
        dump(try await good.authorization(), to: &authorized)
        #expect(!authorized.contains(token.revealed))
    }
}
