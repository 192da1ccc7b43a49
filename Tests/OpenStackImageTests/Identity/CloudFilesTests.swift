// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Clouds files")
struct CloudFilesTests {
    static let yaml = """
        clouds:
          alpha:
            auth: &auth
              auth_url: https://alpha:5000/v3
              username: demo
              project_name: demo
              user_domain_name: Default
              project_domain_name: Other
            region_name: RegionOne
            verify: no
            cacert: ~/ca.pem
          beta:
            profile: vendor
            auth:
              username: demo
              password: 0123
              project-id: 77de
            regions:
              - East
              - name: West
                values:
                  image_endpoint_override: https://west/image/v2
                  auth: { username: western }
          gamma:
            auth:
              <<: *auth
              username: gamma
              password: ~
        """

    static func files(
        _ text: String = yaml, secure: String? = nil, publicClouds: String? = nil,
        environment: [String: String] = [:]
    ) throws -> CloudFiles {
        try CloudFiles(
            clouds: CloudEntry(yaml: text, file: "clouds.yaml"),
            secure: secure.map { text throws(TranshipError) in
                try CloudEntry(yaml: text, file: "secure.yaml")
            },
            publicClouds: publicClouds.map { text throws(TranshipError) in
                try CloudEntry(yaml: text, file: "clouds-public.yaml")
            },
            environment: environment, paths: ["clouds.yaml"])
    }

    @Test(
        "an entry or its auth that is not a mapping is named",
        arguments: [
            ("f1: text", "the entry of cloud \"f1\" must be a mapping (clouds.yaml)"),
            ("f1: [a]", "the entry of cloud \"f1\" must be a mapping (clouds.yaml)"),
            ("f1: { auth: text }", "auth of cloud \"f1\" must be a mapping (clouds.yaml)"),
        ])
    func wrongShape(_ entry: String, _ words: String) throws {
        let files = try Self.files("clouds:\n  \(entry)\n")
        let error = #expect(throws: TranshipError.self) { try files.configuration(of: "f1") }
        #expect(error?.code == .invalidCloudsFile)
        #expect(error?.message == words)
    }

    @Test("secure.yaml adds to an entry and overrides it")
    func secure() throws {
        let files = try Self.files(
            secure: """
                clouds:
                  alpha: { auth: { password: hidden, username: other } }
                """)
        let cloud = try files.configuration(of: "alpha")
        guard case .password(let user, let password) = cloud.authentication else {
            Issue.record("\(cloud.authentication)")
            return
        }
        #expect(user == .name("other", .name("Default")))
        #expect(password.revealed == "hidden")
        #expect(cloud.scope == .projectName("demo", .name("Other")))
        #expect(cloud.region == "RegionOne")
    }

    @Test("scalars stay the text in the file, and dashes in keys are underscores")
    func scalars() throws {
        let files = try Self.files(
            publicClouds: "public-clouds: { vendor: { auth: { auth_url: 'https://v:5000' } } }")
        let cloud = try files.configuration(of: "beta")
        guard case .password(_, let password) = cloud.authentication else {
            Issue.record("\(cloud.authentication)")
            return
        }
        #expect(password.revealed == "0123")
        #expect(cloud.scope == .projectID("77de"))
        #expect(cloud.authURL == "https://v:5000")
    }

    @Test("the first listed region counts, another can be asked for and brings its own values")
    func regions() throws {
        let files = try Self.files(
            publicClouds: "public-clouds: { vendor: { auth: { auth_url: 'https://v:5000' } } }")
        #expect(try files.configuration(of: "beta").region == "East")
        let west = try files.configuration(of: "beta", region: "West")
        #expect(west.region == "West")
        #expect(west.imageEndpointOverride == "https://west/image/v2")
        guard case .password(let user, _) = west.authentication else {
            Issue.record("\(west.authentication)")
            return
        }
        #expect(user == .name("western", .id("default")))
        let error = #expect(throws: TranshipError.self) {
            try files.configuration(of: "beta", region: "west")
        }
        #expect(error?.hint == "use one of its regions: East, West; names are case-sensitive")
    }

    @Test("a home in a path is expanded, and verify: no is believed")
    func tls() throws {
        let files = try Self.files(
            secure: "clouds: { alpha: { auth: { password: x } } }",
            environment: ["HOME": "/home/op"])
        let cloud = try files.configuration(of: "alpha")
        #expect(cloud.caFile == "/home/op/ca.pem")
        #expect(!cloud.verifiesTLS)
    }

    @Test("verify is true or false, and nothing else is guessed to be either")
    func verifyNeedsABoolean() throws {
        let files = try Self.files(
            secure: "clouds: { alpha: { verify: /etc/ca.pem, auth: { password: x } } }")
        let error = #expect(throws: TranshipError.self) { try files.configuration(of: "alpha") }
        #expect(error?.code == .invalidCloudsFile)
        #expect(error?.hint == "set the CA file in cacert, not in verify")
    }

    @Test("merge keys work, and a null password counts as none")
    func mergeKeys() throws {
        let error = #expect(throws: TranshipError.self) {
            try Self.files().configuration(of: "gamma")
        }
        #expect(error?.code == .invalidCloudsFile)
        #expect(error?.message == "cloud \"gamma\" has no password (clouds.yaml)")
        #expect(
            error?.hint
                == "add password to the cloud's entry, or to the entry of the same name in secure.yaml"
        )
    }

    @Test("a variable of a shell is named, since clouds.yaml expands none")
    func variableInField() throws {
        func remarks(_ password: String) throws -> [String] {
            try Self.files(Self.yaml.replacing("password: ~", with: "password: \(password)"))
                .configuration(of: "gamma").remarks
        }
        #expect(
            try remarks("${OS_PASSWORD}").first?.hasPrefix(
                "cloud \"gamma\": auth.password is ${…}, and clouds.yaml expands no variables")
                == true)
        #expect(try remarks("a${b").isEmpty)
    }

    @Test("an unknown cloud is answered with the names that are known")
    func unknownCloud() throws {
        let error = #expect(throws: TranshipError.self) {
            try Self.files().configuration(of: "delta")
        }
        #expect(error?.code == .unknownCloud)
        #expect(error?.message == "there is no cloud \"delta\" (read clouds.yaml)")
        #expect(error?.hint == "known clouds: alpha, beta, gamma")
    }

    @Test("a profile that no file has is named when something is missing")
    func unknownProfile() throws {
        let error = #expect(throws: TranshipError.self) {
            try Self.files().configuration(of: "beta")
        }
        #expect(error?.message == "cloud \"beta\" has no auth_url (clouds.yaml)")
        #expect(
            error?.hint?.contains("its profile \"vendor\" was not found in any clouds-public.yaml")
                == true)
    }

    @Test("OS_* variables are a cloud of their own, and the default one")
    func variables() throws {
        let variables = [
            "OS_AUTH_URL": "https://v:5000/v3", "OS_USERNAME": "u", "OS_PASSWORD": "p",
            "OS_PROJECT_NAME": "proj", "OS_PROJECT_ID": "", "OS_USER_DOMAIN_ID": "abc",
            "OS_REGION_NAME": "R", "OS_INTERFACE": "internal", "OS_CACERT": "/ca",
        ]
        let files = try Self.files(environment: variables)
        #expect(files.cloudNames == ["alpha", "beta", "envvars", "gamma"])
        let cloud = try files.configuration()
        #expect(cloud.name == "envvars")
        #expect(cloud.scope == .projectName("proj", .id("default")))
        #expect(cloud.region == "R")
        #expect(cloud.interface == .internal)
        #expect(cloud.caFile == "/ca")
        guard case .password(let user, _) = cloud.authentication else {
            Issue.record("\(cloud.authentication)")
            return
        }
        #expect(user == .name("u", .id("abc")))
        #expect(
            try Self.files(environment: variables.merging(["OS_CLOUD": "alpha"]) { $1 })
                .defaultCloudName
                == "alpha")
    }

    @Test("a missing variable is named as one")
    func missingVariable() throws {
        let files = try Self.files(environment: [
            "OS_AUTH_URL": "https://v:5000/v3", "OS_USERNAME": "u",
        ])
        let error = #expect(throws: TranshipError.self) { try files.configuration() }
        #expect(error?.message == "cloud \"envvars\" has no password (the OS_* variables)")
        #expect(error?.hint == "set OS_PASSWORD; OS_PROJECT_NAME must be there as well")
    }

    @Test("a region alone describes no cloud, and of several none is the default")
    func noDefault() throws {
        let files = try Self.files(environment: ["OS_REGION_NAME": "R"])
        #expect(files.defaultCloudName == nil)
        let error = #expect(throws: TranshipError.self) { try files.configuration() }
        #expect(error?.code == .unknownCloud)
        #expect(error?.hint == "name one of alpha, beta, gamma, or set OS_CLOUD")
    }

    @Test("a cloud that is named like the variables' one is refused, not shadowed")
    func clash() throws {
        let error = #expect(throws: TranshipError.self) {
            try Self.files(environment: ["OS_AUTH_URL": "https://v", "OS_CLOUD_NAME": "alpha"])
        }
        #expect(error?.code == .invalidCloudsFile)
    }
}
