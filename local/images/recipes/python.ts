import { join } from "node:path";
import { run } from "../../processes";
import { exampleDirectory, helperDirectory, workloadPython } from "../../python";
import { type Entry, file, librariesOf, link, program, text, tree } from "../entries";

/** What of Python's own library no workload imports. */
const unusedModules = [
  ...["site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip"],
  ...["lib2to3", "pydoc_data"],
];
const unusedPackages = ["tests", "pip", "setuptools", "pkg_resources", "_distutils_hack"];

/** Where the pinned packages are in the image, for PYTHONPATH. */
export const pythonPackages = "/usr/local/lib/workloads";

/** Prints where an interpreter has its parts. */
const whereIsIt = `
import json, sys, sysconfig
paths = sysconfig.get_paths(vars={"installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix})
print(json.dumps({
  "interpreter": sys._base_executable, "version": sys.version.split()[0], "packages": paths["purelib"],
  "library": [paths["stdlib"], paths["platstdlib"].replace(sys.prefix, sys.base_prefix)],
}))
`;

/** This machine's Python, at its own paths since it looks for itself there, with the pinned packages of the examples. */
export async function pythonEntries(
  log: (line: string) => void,
): Promise<{ entries: Entry[]; version: string }> {
  const { stdout } = await run(await workloadPython(log), ["-c", whereIsIt]);
  const { interpreter, version, packages, library } = JSON.parse(stdout) as {
    interpreter: string;
    version: string;
    packages: string;
    library: string[];
  };
  const folders = [...new Set(library)].map((folder) => tree(folder, folder, { without: unusedModules }));
  const modules = (await Promise.all(folders)).flat();
  const installed = await tree(pythonPackages, packages, { without: unusedPackages });
  const entries = [
    ...(await program(interpreter, interpreter)),
    ...modules,
    ...(await librariesOf(modules)),
    ...installed,
    ...(await librariesOf(installed)),
    ...["python", "python3"].map((name) => link(`/usr/local/bin/${name}`, interpreter)),
    text(
      "/usr/local/bin/gunicorn",
      "#!/usr/local/bin/python\nimport sys\nfrom gunicorn.app.wsgiapp import run\nsys.exit(run())\n",
      0o755,
    ),
  ];
  return { entries, version };
}

/** The code of an example's image, where its Dockerfile copies it to. */
export async function exampleEntries(image: "pipeline" | "api"): Promise<Entry[]> {
  const directory = join(exampleDirectory, image);
  const name = { pipeline: "penguins", api: "penguins_api" }[image];
  const without = ["__pycache__"];
  return [
    ...(await tree("/app/ds_monitoring", join(helperDirectory, "ds_monitoring"), { without })),
    ...(await tree(`/app/${name}`, join(directory, name), { without })),
    ...(image === "api" ? [await file("/app/gunicorn.conf.py", join(directory, "gunicorn.conf.py"))] : []),
  ];
}
