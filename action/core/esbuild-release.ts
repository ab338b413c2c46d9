/**
 * The esbuild that Warren is tested with. Its program is not part of the action: it is one of ten megabytes for each system, and
 * comes from npm where the repository has none. A test holds these to package-lock.json and to what is installed.
 */
export interface EsbuildProgram {
  /** Subresource Integrity of npm's archive. */
  readonly integrity: string;
  /** SHA-256 of `bin/esbuild` in hex: what is kept in a cache is looked at each time. */
  readonly sha256: string;
}

export const ESBUILD_VERSION = "0.28.2";

/** By Node's names of system and processor. */
export const ESBUILD_PROGRAMS: Readonly<Record<string, EsbuildProgram>> = {
  "linux-x64": {
    integrity:
      "sha512-4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==",
    sha256: "e1698a3d5c6c0798fee4fd3b5cc816651f460c63d390a7a26ea4beb0b1884100",
  },
  "linux-arm64": {
    integrity:
      "sha512-pW4AC0P3it8c7do9MVM4p51FzHzdM/TZrerurgRcHJ2WTa1VQ1CIq18xncfpBJw4ojkiZZrKW2yIBWBP92j6Ug==",
    sha256: "90bd269553d258e80b19e3ccab4f98f0831f87442a2f056510ce24fd1b425fc2",
  },
  "darwin-x64": {
    integrity:
      "sha512-uq6suIWYP37qzGddBKPw5QEQPi6HiLGsO7UmkpfyaYNQ3D+rN6w6WfwH+nuqcGXWvawGwxOEroO4YGnFh95azw==",
    sha256: "7fe5c9c905fff0a05d92db98929434ab4d3b6dd92d7a7688922db74380c75df3",
  },
  "darwin-arm64": {
    integrity:
      "sha512-n4KqkOQrraxHJcgjM1RvwbigfQKIKJVpM7xp+KsxiyUSrRdIXnt73VhrPAx0fV44hgfmIVKjxMN9J1t5jySVkw==",
    sha256: "10b6243df618d374bb2d5c9cfbe7052e1405f6aa4e53a6164f11a91b9f2e1384",
  },
};
