// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import Testing

@testable import OpenStackImage

@Suite("Finding clouds.yaml")
struct CloudFilesLoadTests {
    /// Runs a body with a directory of its own, and removes the directory.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "tranship-clouds-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func write(_ text: String, _ path: String) throws {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    @Test("clouds as a list are refused, with their file", arguments: ["clouds", "public-clouds"])
    func cloudsAsList(key: String) throws {
        try withDirectory { directory in
            let file = key == "clouds" ? "clouds.yaml" : "clouds-public.yaml"
            try write("\(key):\n  - alpha: { auth: {} }\n", "\(directory)/\(file)")
            let error = #expect(throws: TranshipError.self) {
                try CloudFiles.load(environment: [:], workingDirectory: directory)
            }
            #expect(error?.code == .invalidCloudsFile)
            #expect(
                error?.message
                    == "\(directory)/\(file): \(key) is a list, and must have one entry per cloud")
            #expect(error?.hint?.contains("without a dash") == true)
        }
    }

    @Test("the search goes from the working directory by XDG to /etc, as openstacksdk's does")
    func order() {
        #expect(
            CloudFiles.searchPath(["HOME": "/h", "XDG_CONFIG_HOME": "/x"], "/w")
                == [
                    "/w", "/x/openstack", "/h/.config/openstack", "/etc/xdg/openstack",
                    "/etc/openstack",
                ])
        #expect(
            CloudFiles.searchPath(["HOME": "/h", "XDG_CONFIG_HOME": "/h/.config"], "/w").count == 4)
    }

    @Test("the working directory beats the home, and secure.yaml may lie elsewhere")
    func nearestFirst() throws {
        try withDirectory { root in
            let home = "\(root)/home/.config/openstack"
            try write("clouds: { far: {} }", "\(home)/clouds.yaml")
            try write("clouds: { near: { auth: { password: p } } }", "\(home)/secure.yml")
            try write("clouds: { near: {} }", "\(root)/job/clouds.yml")
            let files = try CloudFiles.load(
                environment: ["HOME": "\(root)/home"], workingDirectory: "\(root)/job")
            #expect(files.cloudNames == ["near"])
            #expect(files.paths == ["\(root)/job/clouds.yml", "\(home)/secure.yml"])
            #expect(files.clouds["near"]?["auth"]?["password"] == .text("p"))
        }
    }

    @Test("OS_CLIENT_CONFIG_FILE beats them all")
    func named() throws {
        try withDirectory { root in
            try write("clouds: { near: {} }", "\(root)/clouds.yaml")
            try write("clouds: { named: {} }", "\(root)/home/mine.yaml")
            let files = try CloudFiles.load(
                environment: [
                    "HOME": "\(root)/home", "OS_CLIENT_CONFIG_FILE": "~/mine.yaml",
                ], workingDirectory: root)
            #expect(files.cloudNames == ["named"])
        }
    }

    @Test("a named file that is missing is an error and not passed over")
    func namedAndMissing() throws {
        try withDirectory { root in
            try write("clouds: { near: {} }", "\(root)/clouds.yaml")
            let error = #expect(throws: TranshipError.self) {
                try CloudFiles.load(
                    environment: ["OS_CLIENT_CONFIG_FILE": "\(root)/no.yaml"],
                    workingDirectory: root)
            }
            #expect(error?.code == .invalidCloudsFile)
            #expect(
                error?.message
                    == "OS_CLIENT_CONFIG_FILE names \(root)/no.yaml, which cannot be read")
        }
    }

    @Test("no file at all says where one may be put")
    func nothing() throws {
        try withDirectory { root in
            let files = try CloudFiles.load(
                environment: ["HOME": root, "XDG_CONFIG_DIRS": root], workingDirectory: root)
            let error = #expect(throws: TranshipError.self) {
                try files.configuration(of: "alpha")
            }
            #expect(error?.code == .unknownCloud)
            #expect(error?.hint?.contains("~/.config/openstack/clouds.yaml") == true)
        }
    }

    @Test("a file that is not a mapping is refused with what it should look like")
    func noMapping() throws {
        try withDirectory { root in
            try write("- alpha\n", "\(root)/clouds.yaml")
            let error = #expect(throws: TranshipError.self) {
                try CloudFiles.load(environment: [:], workingDirectory: root)
            }
            #expect(error?.code == .invalidCloudsFile)
            #expect(error?.hint?.contains("clouds:") == true)
        }
    }

    @Test(
        "a file without `clouds:` is named, with what to do about it",
        arguments: [
            ("", "write \"clouds:\" and the entries below it in "),
            ("clouds:\n", "write \"clouds:\" and the entries below it in "),
            (
                "cloud: { alpha: { auth_type: none } }\n",
                "write \"clouds:\" in place of \"cloud:\" in "
            ),
        ])
    func noClouds(text: String, hint: String) throws {
        try withDirectory { root in
            let path = "\(root)/clouds.yaml"
            try write(text, path)
            try write("clouds: { far: {} }", "\(root)/home/.config/openstack/clouds.yaml")
            let home = ["HOME": "\(root)/home"]
            let error = #expect(throws: TranshipError.self) {
                try CloudFiles.load(environment: home, workingDirectory: root)
                    .configuration(of: "far")
            }
            #expect(
                error?.message
                    == "there is no cloud \"far\" (read \(path), which has no cloud below \"clouds:\")"
            )
            #expect(error?.hint?.hasPrefix("\(hint)\(path), or remove it: ") == true)
            let unnamed = #expect(throws: TranshipError.self) {
                try CloudFiles.load(
                    environment: ["OS_CLIENT_CONFIG_FILE": path], workingDirectory: root
                ).configuration()
            }
            #expect(unnamed?.hint == "\(hint)\(path), or unset OS_CLIENT_CONFIG_FILE")
        }
    }

    @Test("an entry with nothing below its name is there, and empty")
    func emptyEntry() throws {
        try withDirectory { root in
            let path = "\(root)/clouds.yaml"
            try write("clouds:\n  alpha: { auth_type: none }\n  beta:\n", path)
            let files = try CloudFiles.load(environment: [:], workingDirectory: root)
            #expect(files.cloudNames == ["alpha", "beta"])
            let error = #expect(throws: TranshipError.self) { try files.configuration(of: "beta") }
            #expect(error?.message == "the entry of cloud \"beta\" is empty (\(path))")
        }
    }

    @Test("a file that is not text has a hint")
    func noText() throws {
        try withDirectory { root in
            let path = "\(root)/clouds.yaml"
            func refusal() -> TranshipError? {
                #expect(throws: TranshipError.self) {
                    try CloudFiles.load(environment: [:], workingDirectory: root)
                }
            }
            try Data([0xff, 0xfe, 0x63, 0, 0x6c, 0]).write(to: URL(filePath: path))
            var error = refusal()
            #expect(error?.message.hasSuffix("which are UTF-16") == true)
            #expect(error?.hint == "save it as UTF-8")
            try Data([0x7f, 0xff, 0x00]).write(to: URL(filePath: path))
            error = refusal()
            #expect(error?.hint?.contains("UTF-8 text") == true)
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
            error = refusal()
            #expect(error?.message.hasSuffix("it is a directory, not a regular file") == true)
            #expect(error?.hint?.contains("OS_CLIENT_CONFIG_FILE") == true)
        }
    }
}
