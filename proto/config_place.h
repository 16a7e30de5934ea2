/* Where the administrator's configuration is: coild reads all of it, the programs' library one setting. */
#ifndef COIL_CONFIG_PLACE_H
#define COIL_CONFIG_PLACE_H

/* The folder, as the build says. */
#ifndef COIL_CONFIG_FOLDER
#define COIL_CONFIG_FOLDER "/etc/coil"
#endif
#define COIL_CONFIG_FILE "coild.conf"

#endif
