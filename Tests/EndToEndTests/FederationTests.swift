// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import HTTPTransport
import LabSupport
import Testing

extension EndToEndTests {
    /// Logins by OpenID Connect: a provider's token, which Apache with mod_auth_openidc and a real
    /// Keystone exchange for their own.
    @Suite(
        .enabled(
            if: Lab.federationURL != nil,
            "scripts/lab oidc up starts the provider; it needs Apache with mod_auth_openidc"))
    struct FederationTests {
        /// Writes a clouds.yaml that also has an entry with a token of the provider.
        private func clouds(_ scene: Scene) async throws -> String {
            // A reset of alpha forgets the provider.
            try await Lab.run(["oidc", "up"])
            var text = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8)
            let lines = text.split(separator: "\n").map(String.init)
            let begin = try #require(lines.firstIndex(of: "  alpha-oidc-user:"))
            let entry = lines[(begin + 1)...].prefix { $0.hasPrefix("    ") }
            let token = try await token(of: entry)
            let secrets = ["username", "password", "client_", "discovery_endpoint"]
            let kept = entry.filter { line in
                !secrets.contains { line.contains("      \($0)") }
            }.map { $0.replacing("v3oidcpassword", with: "v3oidcaccesstoken") }
            text +=
                (["  alpha-oidc-token:"] + kept + ["      access_token: \"\(token)\""])
                .joined(separator: "\n") + "\n"
            let path = scene.folder.appendingPathComponent("clouds.yaml")
            try Data(text.utf8).write(to: path)
            return path.path
        }

        /// Requests a token from the provider as any other program does.
        private func token(of entry: ArraySlice<String>) async throws -> String {
            func value(_ key: String) throws -> String {
                let line = try #require(entry.first { $0.contains("      \(key): ") })
                return line.split(separator: "\"").last.map(String.init) ?? ""
            }
            let endpoint = try value("discovery_endpoint")
                .replacing("/.well-known/openid-configuration", with: "/token")
            let form =
                "grant_type=password&username=\(try value("username"))"
                + "&password=\(try value("password"))&client_id=\(try value("client_id"))"
                + "&client_secret=\(try value("client_secret"))"
            let answer = try await HTTPClient().send(
                HTTPRequest(
                    .post, endpoint,
                    headers: ["Content-Type": "application/x-www-form-urlencoded"],
                    body: Array(form.utf8)))
            let json = try JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
            return try #require(json["access_token"]?.string)
        }

        @Test(
            "an image is read and one is written with a token that the provider gave",
            arguments: ["alpha-oidc-client", "alpha-oidc-user", "alpha-oidc-token"])
        func copies(entry: String) async throws {
            try await scene("oidc") { scene in
                let clouds = ["OS_CLIENT_CONFIG_FILE": try await clouds(scene)]
                let original = try await scene.alpha.add(
                    "\(scene.prefix) there", Sample.raw(70_000, seed: 1))
                let there = try await scene.tranship(
                    "run", try scene.cloudPipeline(source: entry), environment: clouds)
                #expect(there.status == 0, there.said)
                let copy = try await scene.beta.only("\(scene.prefix) there")
                #expect(copy.text("os_hash_value") == original.text("os_hash_value"))

                try await scene.alpha.delete(original)
                let back = try scene.cloudPipeline(
                    source: "beta", target: entry, targetKeys: "image: { name: \"{name} again\" }")
                let again = try await scene.tranship(
                    "run", back, "--journal", scene.folder.appendingPathComponent("back").path,
                    environment: clouds)
                #expect(again.status == 0, again.said)
                let returned = try await scene.alpha.only("\(scene.prefix) there again")
                #expect(returned.text("os_hash_value") == original.text("os_hash_value"))
                #expect(returned.text("owner") == original.text("owner"))
                for outcome in [there, again] {
                    #expect(!outcome.everything.contains("-secret"), outcome.said)
                }
            }
        }

        @Test("what the provider or Apache refuses is named, without the secret")
        func refused() async throws {
            try await scene("oidcno") { scene in
                let path = try await clouds(scene)
                let wrong = try await scene.tranship(
                    "plan", try scene.cloudPipeline(source: "alpha-oidc-wrong-password"),
                    environment: ["OS_CLIENT_CONFIG_FILE": path])
                #expect(wrong.status == 7, wrong.said)
                #expect(wrong.talk.contains("invalid_grant"), wrong.said)
                #expect(!wrong.everything.contains("not-the-password"), wrong.said)

                // A token with a forged signature.
                let text = try String(contentsOfFile: path, encoding: .utf8)
                let forged = text.replacing(
                    /access_token: "[^"]+"/, with: "access_token: \"a.b.c\"")
                try Data(forged.utf8).write(to: URL(fileURLWithPath: path))
                let other = try await scene.tranship(
                    "plan", try scene.cloudPipeline(source: "alpha-oidc-token"),
                    environment: ["OS_CLIENT_CONFIG_FILE": path])
                #expect(other.status == 7, other.said)
                #expect(other.talk.contains("401"), other.said)
            }
        }
    }
}
