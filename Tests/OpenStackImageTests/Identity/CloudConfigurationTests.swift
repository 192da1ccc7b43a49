// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("A cloud for another project")
struct CloudConfigurationScopeTests {
    private let password = CloudConfiguration(
        name: "c", authentication: .password(.name("u", .name("U")), password: Secret("p")),
        authURL: "http://k", scope: .projectName("a", .name("P")))

    @Test("ids are told from names, and names are looked up in the entry's project domain")
    func idOrName() throws {
        let id = "0123456789abcdef0123456789ABCDEF"
        #expect(try password.scoped(toProject: id).scope == .projectID(id))
        let uuid = "6b1f2f0c-6d2b-4a5e-9d38-0d6f0f9f2b11"
        #expect(try password.scoped(toProject: uuid).scope == .projectID(uuid))
        #expect(try password.scoped(toProject: "b").scope == .projectName("b", .name("P")))
        var byID = password
        byID.scope = .projectID(id)
        #expect(try byID.scoped(toProject: "b").scope == .projectName("b", .name("U")))
    }

    @Test("an application credential is refused, with what to do instead")
    func applicationCredential() throws {
        let cloud = CloudConfiguration(
            name: "c", authentication: .applicationCredential(.id("i"), secret: Secret("s")))
        let error = #expect(throws: TranshipError.self) { try cloud.scoped(toProject: "b") }
        #expect(error?.code == .usage)
        #expect(error?.hint?.contains("add an entry for it") == true)
    }
}
